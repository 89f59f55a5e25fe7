import assert from 'node:assert/strict';
import { HoldfastError } from '../../src/errors.ts';
import {
  isFinal,
  type Job,
  type JobInfo,
  type Task,
  type Tasks,
  taskTree,
} from '../../src/tasks.ts';
import * as model from './model.ts';
import type { Call } from './random-calls.ts';

/** A job that was registered, and what it ought to be. */
interface Pair {
  readonly key: string;
  readonly job: Job;
  readonly root: model.ModelTask;
  /** It was removed or replaced. */
  isGone: boolean;
}

/** What a call has come to: `ok`, or how it was refused. */
type Outcome = 'ok' | 'none' | 'ARGUMENT_INVALID' | 'MISUSE' | HoldfastError['code'];

/**
 * Calls made of a store and of the model at once. Nobody else may touch jobs of `keys` under the
 * user of the store, which was opened with `onMisuse: 'throw'`.
 */
export class Trial {
  readonly #tasks: Tasks;
  readonly #keys: readonly string[];
  readonly #pairs: Pair[] = [];
  /** How often each outcome was met. */
  readonly outcomes: Record<string, number> = {};

  constructor(tasks: Tasks, keys: readonly string[]) {
    this.#tasks = tasks;
    this.#keys = keys;
  }

  /** Makes the call, and holds what came of it and what is in the file then against the model. */
  async make(call: Call): Promise<void> {
    const key = this.#keys[call.task % this.#keys.length] ?? '';
    if (call.kind === 'register') await this.#register(call, key);
    else if (call.kind === 'remove') await this.#remove(call, key);
    else await this.#change(call);
    await this.compare();
  }

  /** Holds the jobs in the file against the model; `isSettled`: with all progress. */
  async compare({ isSettled = false } = {}): Promise<void> {
    const { items, counts } = await this.#tasks.list();
    const known = this.#pairs.filter(({ isGone }) => !isGone);
    const found = new Map(items.map((info) => [info.job.job, info]));
    assert.deepEqual(
      [...found.keys()],
      known.map(({ key }) => key),
    );
    const statuses = known.map(({ root }) => root.status);
    for (const [status, count] of Object.entries(counts)) {
      assert.equal(count, statuses.filter((one) => one === status).length, status);
    }
    for (const { key, job, root } of known) {
      const info = found.get(key);
      assert.ok(info);
      assert.equal(info.job.generation, job.generation);
      assertSame(root, info, isSettled);
      assertKnown(root, job.root);
    }
  }

  async #register({ plan, flag }: Call, key: string): Promise<void> {
    const former = this.#pairs.find((pair) => pair.key === key && !pair.isGone);
    const isTaken = former !== undefined && !model.hasEnded(former.root);
    const onConflict = flag ? 'replace' : 'reject';
    const expected = isTaken && !flag ? 'CONFLICT' : 'ok';
    await this.#expect(expected, async () => {
      const job = await this.#tasks.register(plan, { job: key, onConflict });
      assert.equal(job.generation, (former?.job.generation ?? 0) + 1);
      if (former) former.isGone = true;
      this.#pairs.push({ key, job, root: model.grow(plan), isGone: false });
    });
  }

  async #remove({ flag }: Call, key: string): Promise<void> {
    const found = this.#pairs.find((pair) => pair.key === key && !pair.isGone);
    const isActive = found !== undefined && !model.hasEnded(found.root);
    const expected = isActive && !flag ? 'CONFLICT' : found ? 'ok' : 'none';
    await this.#expect(expected, async () => {
      const wasThere = await this.#tasks.remove(key, { force: flag });
      if (found) found.isGone = true;
      return wasThere ? 'ok' : 'none';
    });
  }

  async #change(call: Call): Promise<void> {
    // One call in ten is of any handle there ever was.
    const open = this.#pairs.filter(({ isGone }) => !isGone || call.job % 10 === 0);
    const pair = open[call.job % open.length];
    if (pair === undefined) return;
    const task = taskOf(call, pair.root);
    const handle = handleOf(task, pair.job.root);
    if (pair.isGone) await this.#expectGone(call, task, handle);
    else await this.#expect(expected(call, task), () => perform(call, task, handle));
  }

  /** Whatever it may be that is asked of a job that is gone, its handles know nothing but that. */
  async #expectGone(call: Call, task: model.ModelTask, handle: Task): Promise<void> {
    if (isWrongKind(call, task))
      await this.#expect('ARGUMENT_INVALID', () => perform(call, task, handle));
    else if (call.kind !== 'advance')
      await this.#expect('DETACHED', () => perform(call, task, handle));
    else if (handle.kind === 'leaf' && handle.status === 'running') handle.advance(call.amount);
  }

  async #expect(expected: Outcome, act: () => Promise<Outcome | undefined>): Promise<void> {
    const outcome = await act().then((answer) => answer ?? 'ok', outcomeOf);
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    assert.equal(outcome, expected);
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof HoldfastError) return error.code;
  if (!(error instanceof TypeError) || error instanceof assert.AssertionError) throw error;
  return 'code' in error && error.code === 'ARGUMENT_INVALID' ? 'ARGUMENT_INVALID' : 'MISUSE';
}

function isWrongKind({ kind }: Call, { plan }: model.ModelTask): boolean {
  if (kind === 'setVolume') return plan.kind !== 'leaf';
  return (kind === 'next' || kind === 'add') && plan.kind === 'leaf';
}

/** Does to the model what the call does, and answers what must come of it. */
function expected(call: Call, task: model.ModelTask): Outcome {
  if (isWrongKind(call, task)) return 'ARGUMENT_INVALID';
  const isLegal = apply(call, task);
  if (call.kind === 'next' && isLegal === undefined) return 'none';
  if (isLegal) return 'ok';
  return call.kind === 'advance' ? 'MISUSE' : 'ILLEGAL_TRANSITION';
}

function apply(call: Call, task: model.ModelTask): boolean | undefined {
  switch (call.kind) {
    case 'start':
      return model.start(task);
    case 'finish':
      return model.finish(task);
    case 'fail':
      return model.end(task, 'failed', call.flag);
    case 'cancel':
      return model.end(task, 'canceled');
    case 'next': {
      const found = model.next(task);
      return found && true;
    }
    case 'add':
      return model.add(task, call.plan);
    case 'advance':
      return task.plan.kind === 'leaf' && model.advance(task, call.amount);
    case 'setVolume':
      return model.setVolume(task, volumeOf(call));
    default:
      throw new TypeError(call.kind);
  }
}

async function perform(call: Call, task: model.ModelTask, handle: Task): Promise<Outcome> {
  switch (call.kind) {
    case 'start':
      await handle.start();
      return 'ok';
    case 'finish':
      await handle.finish();
      return 'ok';
    case 'fail':
      await handle.fail(new Error('as drawn'), { ancestors: call.flag });
      return 'ok';
    case 'cancel':
      await handle.cancel();
      return 'ok';
    case 'next': {
      const found = await handle.next();
      if (found === undefined) return 'none';
      assert.equal(task.children[handle.children.indexOf(found)]?.status, 'running');
      return 'ok';
    }
    case 'add':
      assert.equal((await handle.add(call.plan)).name, call.plan.name);
      return 'ok';
    case 'advance':
      handle.advance(call.amount);
      return 'ok';
    case 'setVolume':
      await handle.setVolume(volumeOf(call));
      return 'ok';
    default:
      throw new TypeError(call.kind);
  }
}

/** Three of four calls are of a task that may take them. */
function taskOf(call: Call, root: model.ModelTask): model.ModelTask {
  const all = model.within(root);
  const able = all.filter((task) => !model.hasEnded(task) && !isWrongKind(call, task));
  const ready = call.kind === 'finish' ? able.filter(({ status }) => status === 'running') : able;
  const pool = call.amount === 0 || ready.length === 0 ? all : ready;
  return pool[call.task % pool.length] ?? root;
}

const volumeOf = ({ amount, flag }: Call) => (flag ? null : amount);

/** The handle at the place of a task. */
function handleOf(task: model.ModelTask, root: Task): Task {
  if (task.parent === undefined) return root;
  const handle = handleOf(task.parent, root).children[task.parent.children.indexOf(task)];
  assert.ok(handle, 'a task of the model has no handle');
  return handle;
}

/** Progress of what runs is behind in the file, by what was not flushed yet. */
function assertSame(root: model.ModelTask, { job, tasks }: JobInfo, isSettled: boolean): void {
  const { byId, children } = taskTree(tasks);
  const open: [task: model.ModelTask, id: number][] = [[root, job.root]];
  for (let one = open.pop(); one; one = open.pop()) {
    const [task, id] = one;
    const found = byId.get(id);
    assert.ok(found);
    const { status, volume, isExcluded, progress, startedAt, finishedAt, name } = found;
    const { plan, hasStarted } = task;
    assert.deepEqual(
      { name, status, volume, isExcluded, hasStarted: startedAt !== null },
      {
        name: plan.name,
        ...{ status: task.status, volume: task.volume },
        isExcluded: task.isExcluded,
        hasStarted,
      },
    );
    assert.equal(finishedAt !== null, isFinal(status), `${name} is ${status}`);
    if (status === 'running' && !isSettled) assert.ok(progress <= task.progress);
    else assert.equal(progress, task.progress);
    const parts = children.get(id) ?? [];
    assert.equal(parts.length, task.children.length);
    open.push(
      ...task.children.map((child, at): [model.ModelTask, number] => [child, parts[at] ?? 0]),
    );
  }
}

/** Handles know at once what they did. */
function assertKnown(task: model.ModelTask, handle: Task): void {
  const { status, volume, progress } = handle;
  assert.deepEqual(
    { status, volume, progress },
    { status: task.status, volume: task.volume, progress: task.progress },
  );
  assert.equal(handle.children.length, task.children.length);
  task.children.forEach((child, index) => {
    assertKnown(child, handle.children[index] as Task);
  });
}
