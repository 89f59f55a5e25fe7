import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupOf, leafOf, taskOf, tasksOf } from './task.fixture.ts';
import { pathOf, shownNames, taskTree } from './tree.ts';

const tasks = tasksOf(
  groupOf(
    [
      groupOf([leafOf(1, 0, { name: 'a' }), leafOf(1, 0, { name: 'b' })], { name: 'first' }),
      leafOf(1, 0, { name: 'second' }),
    ],
    { name: 'all' },
  ),
);

describe('taskTree', () => {
  test('has the children of each task in their order', () => {
    const tree = taskTree(tasks);
    assert.deepEqual(tree.roots, [1]);
    assert.deepEqual(
      [...tree.children],
      [
        [1, [2, 5]],
        [2, [3, 4]],
      ],
    );
    assert.equal(tree.byId.get(4)?.name, 'b');
  });

  test('takes a task whose parent is not there for a root', () => {
    assert.deepEqual(taskTree(tasks.slice(1)).roots, [2, 5]);
  });

  test('finds children that were added behind the other tasks', () => {
    const tree = taskTree([...tasks, taskOf({ id: 9, parent: 2 })]);
    assert.deepEqual(tree.children.get(2), [3, 4, 9]);
  });
});

describe('pathOf', () => {
  test('joins the names from the root on', () => {
    const { byId } = taskTree(tasks);
    assert.deepEqual(
      tasks.map((task) => pathOf(task, byId)),
      ['all', 'all :: first', 'all :: first :: a', 'all :: first :: b', 'all :: second'],
    );
  });

  test('goes ten thousand deep', () => {
    const chain = Array.from({ length: 10_000 }, (_, at) =>
      taskOf({ id: at + 1, parent: at === 0 ? null : at, name: 'x' }),
    );
    const last = chain.at(-1);
    assert.ok(last);
    assert.equal(pathOf(last, taskTree(chain).byId).length, 10_000 + 4 * 9_999);
  });
});

describe('shownNames', () => {
  const names = ['read', 'write', 'read', 'write', 'read'].map((name, at) =>
    taskOf({ id: at + 2, parent: 1, name }),
  );

  test('numbers the rounds of an iterative task', () => {
    const parent = taskOf({ id: 1, kind: 'iterative', mode: 'fixed', roundSize: 2 });
    assert.deepEqual(shownNames(parent, names), [
      'read 1 of 3',
      'write 1 of 3',
      'read 2 of 3',
      'write 2 of 3',
      'read 3 of 3',
    ]);
  });

  test('does not say how many rounds an open one has', () => {
    const parent = taskOf({ id: 1, kind: 'iterative', mode: 'open', roundSize: 2 });
    assert.deepEqual(shownNames(parent, names), [
      'read 1',
      'write 1',
      'read 2',
      'write 2',
      'read 3',
    ]);
  });

  test('leaves the names of a group alone', () => {
    const parent = taskOf({ id: 1, kind: 'group', mode: 'parallel' });
    assert.deepEqual(shownNames(parent, names.slice(0, 2)), ['read', 'write']);
  });
});
