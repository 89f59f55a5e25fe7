import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Journal, readJournal } from '../run/journal.ts';
import { eventsOf, History, writeHistory } from './history.ts';
import type { Operation } from './operation.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-history-'));
after(() => rmSync(directory, { recursive: true }));

function operation(process: number, invokedAt: number, more: Partial<Operation>): Operation {
  const rest = { phase: 'run', round: 0, f: 'set', input: 'k', output: 1, returnedAt: undefined };
  return { process, invokedAt, outcome: 'ok', ...rest, ...more };
}

describe('history', () => {
  const operations = [
    operation(1, 20, { outcome: 'fail', error: 'FULL: no', output: undefined, returnedAt: 40 }),
    operation(0, 10, { returnedAt: 30 }),
    operation(2, 40, { outcome: 'info', output: undefined }),
  ];

  test('on disk it is one event a line in real-time order, in the words of Jepsen', () => {
    const file = join(directory, 'history.ndjson');
    writeHistory(
      file,
      eventsOf(new History(operations).operations, (input) => `key ${input}`),
    );
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { process: 0, type: 'invoke', f: 'set', key: 'key k', value: 'k', time: 10 },
        { process: 1, type: 'invoke', f: 'set', key: 'key k', value: 'k', time: 20 },
        { process: 0, type: 'ok', f: 'set', key: 'key k', value: 1, time: 30 },
        { process: 2, type: 'invoke', f: 'set', key: 'key k', value: 'k', time: 40 },
        {
          process: 1,
          type: 'fail',
          f: 'set',
          key: 'key k',
          value: 'k',
          error: 'FULL: no',
          time: 40,
        },
      ],
    );
  });

  test('is in the order of invokes and answers by name, phase and success', () => {
    const history = new History([...operations, operation(0, 5, { phase: 'prefill', f: 'get' })]);
    assert.deepEqual(
      history.operations.map((one) => one.invokedAt),
      [5, 10, 20, 40],
    );
    assert.equal(history.of('set').length, 3);
    assert.equal(history.of('get', 'run').length, 0);
    assert.deepEqual(
      history.ok('set').map((one) => one.process),
      [0],
    );
  });

  test('a journal gives back what was appended, less a last line that was cut off', () => {
    const file = join(directory, 'journal');
    const journal = new Journal(file);
    for (const one of operations) journal.append(one);
    journal.close();
    appendFileSync(file, '{"process":3,"phase":"ru');
    const read = readJournal(file);
    assert.equal(read.length, 3);
    assert.deepEqual(read[1], JSON.parse(JSON.stringify(operations[1])));
    assert.equal(read[2]?.returnedAt, undefined);
    assert.deepEqual(readJournal(join(directory, 'none')), []);
  });
});
