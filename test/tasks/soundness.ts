import assert from 'node:assert/strict';
import { faultsIn, folded, wholeLog, wholeTable } from '../../proof/tasks/log.ts';
import {
  type Aggregate,
  aggregate,
  isFinal,
  type JobTree,
  type TaskRecord,
  type Tasks,
  taskTree,
} from '../../src/tasks.ts';

/** What the log makes of a store is what is in it. */
export async function assertWhole(tasks: Tasks): Promise<void> {
  const log = await wholeLog(tasks);
  assert.deepEqual(faultsIn(log), []);
  assert.deepEqual(folded(log), await wholeTable(tasks));
}

/** What must be true of any tree, whatever was done to it. */
export function assertSound(tree: JobTree): void {
  const { byId } = taskTree(tree.tasks);
  for (const task of tree.tasks) {
    const parent = task.parent === null ? undefined : byId.get(task.parent);
    if (task.status === 'running' && parent) assert.equal(parent.status, 'running');
    if (parent && isFinal(parent.status)) assert.ok(isFinal(task.status), 'a part goes on');
    assert.equal(task.finishedAt !== null, isFinal(task.status));
  }
  assertMeans(tree.tasks);
}

/** The fraction of a whole is the mean of its parts', weighted as they say. */
function assertMeans(tasks: readonly TaskRecord[]): void {
  const sums = aggregate(tasks);
  for (const task of tasks) {
    const sum = sums.get(task.id);
    assert.ok(sum && sum.lowerBound >= 0 && sum.lowerBound <= 1, `${sum?.lowerBound}`);
    const parts = tasks.filter(({ parent, isExcluded }) => parent === task.id && !isExcluded);
    if (task.kind === 'leaf' || sum.fraction === null) continue;
    const expected = meanOf(parts, sums, sum.isByVolume);
    assert.ok(Math.abs(sum.fraction - expected) < 1e-9, `${sum.fraction} is not ${expected}`);
  }
}

function meanOf(
  parts: readonly TaskRecord[],
  sums: ReadonlyMap<number, Aggregate>,
  isByVolume: boolean,
): number {
  let done = 0;
  let whole = 0;
  for (const { id, weight } of parts) {
    const part = sums.get(id);
    assert.ok(part && part.fraction !== null, 'a part of a known whole is unknown');
    const counts = weight ?? (isByVolume ? (part.volume ?? 0) : 1);
    done += counts * part.fraction;
    whole += counts;
  }
  return whole === 0 ? 1 : done / whole;
}
