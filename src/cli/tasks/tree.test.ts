import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskRecord } from '../../tasks.ts';
import { groupRecord, record } from './records.fixture.ts';
import { branchText, treeRows } from './tree.ts';

const shown = (tasks: readonly TaskRecord[]) => treeRows(tasks).map(branchText);

test('a tree is shown from the root down, each task before its parts', () => {
  const tasks = [
    groupRecord(1, { name: 'build' }),
    groupRecord(2, { name: 'compile' }),
    record(3, { name: 'link' }),
    record(4, { name: 'parse', parent: 2 }),
    record(5, { name: 'emit', parent: 2 }),
  ];
  assert.deepEqual(shown(tasks), [
    '|-- build',
    '    |-- compile',
    '        |-- parse',
    '        |-- emit',
    '    |-- link',
  ]);
});

test('rounds have their number, and how many there are where that is known', () => {
  const rounds = (mode: 'fixed' | 'open') => [
    groupRecord(1, { name: 'train', kind: 'iterative', mode, roundSize: 2 }),
    ...[2, 3, 4, 5].map((id) => record(id, { name: id % 2 === 0 ? 'step' : 'check' })),
  ];
  assert.deepEqual(shown(rounds('fixed')).slice(1), [
    '    |-- step 1 of 2',
    '    |-- check 1 of 2',
    '    |-- step 2 of 2',
    '    |-- check 2 of 2',
  ]);
  assert.equal(shown(rounds('open'))[3], '    |-- step 2');
});

test('a name cannot move the cursor or turn the line around', () => {
  const [row] = shown([record(1, { name: 'a\u001b[31m\u202eb\u2028c' })]);
  assert.equal(row, '|-- a\\x1b[31m\\u202eb\\u2028c');
});

test('a tree may be deeper than the stack of calls', () => {
  const tasks = Array.from({ length: 20_000 }, (_, at) => {
    return groupRecord(at + 1, { parent: at === 0 ? null : at });
  });
  const rows = treeRows(tasks);
  assert.deepEqual([rows.length, rows.at(-1)?.depth], [20_000, 19_999]);
});
