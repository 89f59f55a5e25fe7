import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type RunMode, reportText, runTorture } from '../src/torture.ts';
import { failing, hanging, unsendable } from './torture/uncreatable.ts';

const bin = join(import.meta.dirname, '../bin/holdfast.js');
const module = join(import.meta.dirname, 'torture/uncreatable.ts');

describe('a store whose create', () => {
  for (const mode of ['interleave', 'threads', 'processes', 'crash'] as const) {
    test(`throws is at fault, with the place where it did, in mode ${mode}`, async () => {
      const report = await runTorture(failing, { mode, clients: 2, operations: 4, seed: '1' });
      const [violation, ...others] = report.runs.flatMap(({ violations }) => violations);
      assert.equal(violation?.invariant, 'create', reportText(report));
      assert.deepEqual(others, []);
      assert.match(violation.message, /create failed: TEMPLATE: there is no template\n.*at /);
      assert.match(violation.message, /uncreatable\.ts:\d+:\d+/);
    });

    test(`never comes to its end is at fault, in mode ${mode}`, async () => {
      const options = { mode, clients: 2, operations: 4, seed: '1', stallMs: 300 } as const;
      const report = await runTorture(hanging, options);
      const [violation] = report.runs.flatMap(({ violations }) => violations);
      assert.equal(violation?.invariant, 'create', reportText(report));
    });
  }

  test('takes longer than the whole run may take is a doubt', async () => {
    const options = { mode: 'threads', seed: '1', limitMs: 200 } as const;
    const { verdict, runs } = await runTorture(hanging, options);
    assert.equal(verdict, 'unknown');
    assert.match(runs[0]?.reason ?? '', /create has not come to its end within 200 ms/);
  });

  test('is waited for no longer than anybody wants to know', async () => {
    const stop = new AbortController();
    const run = runTorture(hanging, { mode: 'threads', signal: stop.signal });
    const reason = new Error('enough');
    stop.abort(reason);
    await assert.rejects(run, reason);
  });

  test('answers what cannot be sent is declared wrongly', async () => {
    for (const mode of ['threads', 'processes'] satisfies RunMode[]) {
      await assert.rejects(runTorture(unsendable, { mode }), {
        code: 'DECLARATION_INVALID',
        message: /create of 'unsendable' answers what no worker can be given/,
      });
    }
    const { verdict } = await runTorture(unsendable, { mode: 'interleave', clients: 1 });
    assert.equal(verdict, 'ok');
  });

  test('throws makes the command line exit 1, and is no fault of holdfast', async () => {
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const args = ['torture', 'run', module, '--name', 'failing', '--seed', '1'];
    const [code, text] = await new Promise<[number, string]>((resolve) => {
      execFile(process.execPath, [bin, ...args], { env }, (error, out, err) =>
        resolve([Number(error?.code ?? 0), out + err]),
      );
    });
    assert.equal(code, 1, text);
    assert.match(text, /failing interleave: create: create failed: TEMPLATE/);
    assert.doesNotMatch(text, /internal error|fault of holdfast/);
  });
});
