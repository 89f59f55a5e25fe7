import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const bin = join(import.meta.dirname, '../bin/holdfast.js');
const directory = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
after(() => rmSync(directory, { recursive: true, force: true }));

type Event = readonly [process: number, type: string, f: string, value: unknown];

function write(name: string, events: readonly Event[]): string {
  const file = join(directory, name);
  const lines = events.map(([process, type, f, value]) =>
    JSON.stringify({ process, type, f, value }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function check(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, 'torture', 'check', ...args], { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

describe('holdfast torture check', () => {
  const stale: readonly Event[] = [
    [0, 'invoke', 'write', 1],
    [0, 'ok', 'write', 1],
    [1, 'invoke', 'write', 2],
    [1, 'ok', 'write', 2],
    [2, 'invoke', 'read', null],
    [2, 'ok', 'read', 1],
  ];

  test('exits 0 for a legal history', async () => {
    const { code, out } = await check('--model', 'register', write('legal', stale.slice(0, 4)));
    assert.equal(code, 0);
    assert.match(out, /^ok: /);
  });

  test('exits 1 for one that cannot be, with a sentence and a column for each process', async () => {
    const { code, out } = await check('--model', 'register', write('stale', stale));
    assert.equal(code, 1);
    assert.match(out, /^violation: 2 came and went while 1, written once, was there/);
    assert.match(out, /line +process 0 +process 1 +process 2\n1 +┌ write 1\n/);
  });

  test('answers with JSON', async () => {
    const { code, out } = await check('--model', 'register', '--json', write('json', stale));
    const found = JSON.parse(out);
    assert.equal(code, 1);
    assert.deepEqual(
      [found.verdict, found.model, found.counterexample.length],
      ['violation', 'register', 3],
    );
  });

  test('exits 2 for a line that cannot be read, a call that the model has no words for, and no model', async () => {
    const file = join(directory, 'bad');
    writeFileSync(file, '{"process":0,"type":"invoke","f":"read"}\nnonsense\n');
    const bad = await check('--model', 'register', file);
    assert.deepEqual([bad.code, /line 2: not JSON/.test(bad.err)], [2, true], bad.err);
    const foreign = await check('--model', 'queue', write('foreign', stale));
    assert.deepEqual([foreign.code, /line 1: .*'write'/.test(foreign.err)], [2, true], foreign.err);
    assert.equal((await check(file)).code, 2);
  });

  test('exits 3 when there was not time enough', async () => {
    // Values twice, all put in at once, and one that comes out was never put in.
    const all = Array.from({ length: 24 }, (_, nth) => nth);
    const events: Event[] = [
      ...all.map((nth): Event => [nth, 'invoke', 'enqueue', nth % 12]),
      ...all.map((nth): Event => [nth, 'ok', 'enqueue', nth % 12]),
      ...all.flatMap((nth): Event[] => [
        [nth, 'invoke', 'dequeue', null],
        [nth, 'ok', 'dequeue', nth === 23 ? 99 : nth % 12],
      ]),
    ];
    const { code, out } = await check(
      '--model',
      'queue',
      '--time-limit',
      '1',
      write('long', events),
    );
    assert.deepEqual([code, /^unknown: no answer within/.test(out)], [3, true], out);
  });

  test('names the anomaly of transactions', async () => {
    const read = [['r', 'x', []]];
    const file = write('txn', [
      [0, 'invoke', 'txn', [['append', 'x', 1]]],
      [0, 'ok', 'txn', [['append', 'x', 1]]],
      [1, 'invoke', 'txn', [['r', 'x', null]]],
      [1, 'ok', 'txn', read],
    ]);
    const strict = await check('--model', 'list-append', file);
    assert.deepEqual([strict.code, /in real time/.test(strict.out)], [1, true], strict.out);
    assert.equal((await check('--model', 'list-append', '--serializable', file)).code, 0);
  });
});
