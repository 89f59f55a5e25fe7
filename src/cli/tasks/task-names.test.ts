import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupRecord, record } from './records.fixture.ts';
import { TaskNames } from './task-names.ts';

const train = groupRecord(1, { name: 'train', kind: 'iterative', mode: 'fixed', roundSize: 1 });

test('a task is called by the names from the root on, and by the number of its round', () => {
  const names = new TaskNames();
  names.learn(1, [train, groupRecord(2, { name: 'epoch' }), groupRecord(3, { name: 'epoch' })]);
  names.learn(1, [record(4, { name: 'step', parent: 3 })]);
  assert.equal(names.path(1), 'train');
  assert.equal(names.path(4), 'train :: epoch 2 of 2 :: step');
  names.learn(1, [groupRecord(5, { name: 'epoch' })]);
  assert.equal(names.path(4), 'train :: epoch 2 of 3 :: step');
});

test('one that nobody knows, or knows any more, is called by its number', () => {
  const names = new TaskNames();
  names.learn(1, [train]);
  names.learn(2, [record(9, { parent: null, name: 'other' })]);
  names.forget(1);
  assert.deepEqual([names.path(1), names.path(9)], ['task 1', 'other']);
});

test('of a long path the middle is left out', () => {
  const names = new TaskNames();
  const chain = Array.from({ length: 5000 }, (_, at) => {
    return groupRecord(at + 1, { parent: at === 0 ? null : at });
  });
  names.learn(1, chain);
  assert.match(names.path(5000), /^task-1 :: … :: task-4987 :: .* :: task-5000$/);
  assert.equal(names.path(16).split(' :: ').length, 16);
});
