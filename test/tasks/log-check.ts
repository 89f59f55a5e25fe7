import assert from 'node:assert/strict';
import {
  type Aggregate,
  aggregate,
  isFinal,
  JobTable,
  type JobTree,
  type TaskEvent,
  type TaskRecord,
  type Tasks,
  taskTree,
} from '../../src/tasks.ts';

const everything = { allUsers: true, allDatabases: true } as const;

/** Every event behind `after` that is in the file now. */
export async function wholeLog(tasks: Tasks, after = 0): Promise<readonly TaskEvent[]> {
  const { seq: last } = await tasks.list({ ...everything, limit: 1 });
  const events: TaskEvent[] = [];
  if (last === after) return events;
  for await (const update of tasks.subscribe({ ...everything, after })) {
    assert.equal(update.kind, 'events', 'the log does not begin there');
    if (update.kind === 'events') events.push(...update.events);
    if (update.seq >= last) break;
  }
  return events;
}

/** All jobs in the file, without their owners. */
export async function wholeTable(tasks: Tasks): Promise<readonly JobTree[]> {
  const trees: JobTree[] = [];
  for await (const { job, tasks: parts } of tasks.all(everything))
    trees.push({ job, tasks: parts });
  return trees;
}

/** What the events make of what was there before them. */
export function folded(
  events: Iterable<TaskEvent>,
  before: readonly JobTree[] = [],
): readonly JobTree[] {
  const table = new JobTable(before);
  for (const event of events) table.apply(event);
  return table.jobs;
}

/** The numbers that tasks are given in an event, of whatever kind it is. */
export function numbersOf(event: TaskEvent): readonly { task: number; taskSeq: number }[] {
  if (event.kind === 'cleared') return [];
  return event.kind === 'progress' ? event.movements : [event];
}

/**
 * No number is missing between two events, none comes twice, and those of each task go on by one. A
 * task that was there before the first event may begin anywhere.
 */
export function assertGapless(events: readonly TaskEvent[], first = 1): void {
  const last = new Map<number, number>();
  events.forEach((event, index) => {
    assert.equal(event.seq, first + index, 'a number is missing or out of order');
    for (const { task, taskSeq } of numbersOf(event)) {
      const before = last.get(task) ?? (first === 1 ? 0 : taskSeq - 1);
      assert.equal(taskSeq, before + 1, `task ${task} at ${event.seq} (${event.kind})`);
      last.set(task, taskSeq);
    }
  });
}

/** A task ends once, and once more after each time that it was given back to its owner. */
export function assertEndedOnce(events: readonly TaskEvent[]): void {
  const ended = new Set<number>();
  for (const event of events) {
    if (event.kind === 'cleared' || event.kind === 'progress') continue;
    if (event.kind === 'recovered') ended.delete(event.task);
    if (!isEnd(event.kind)) continue;
    assert.ok(!ended.has(event.task), `task ${event.task} ended again at ${event.seq}`);
    ended.add(event.task);
  }
}

export function isEnd(kind: TaskEvent['kind']): boolean {
  return kind === 'finished' || kind === 'failed' || kind === 'canceled' || kind === 'lost';
}

export function isActive({ job, tasks }: JobTree): boolean {
  const root = tasks.find(({ id }) => id === job.root);
  return root !== undefined && !isFinal(root.status);
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
