import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Engine } from '../../engine/engine.ts';
import { openSqlite } from '../../engine/sqlite.ts';
import { all, one, type Steps } from '../../engine/steps.ts';
import { selfIdentity } from '../../owner/identity.ts';
import { group, leaf } from '../model/plan.ts';
import { databaseName } from '../names.ts';
import type { TaskRow } from '../rows.ts';
import { tasksSchema } from '../schema.ts';
import type { Owner } from '../write/owners.ts';
import { registerBody } from '../write/register.ts';
import { startBody } from '../write/transition.ts';

/** Tasks of one job that run, by number. */
export interface Running {
  readonly ownerId: number;
  readonly jobId: number;
  readonly tasks: readonly number[];
}

/** A new directory that is gone after the test. */
export function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-flush-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A store in a new directory, and its engine. */
export async function openStore(t: TestContext): Promise<{ file: string; engine: Engine }> {
  const file = join(directoryOf(t), 'tasks.db');
  const engine = await openEngine(file);
  t.after(() => engine.close());
  return { file, engine };
}

export async function openEngine(file: string): Promise<Engine> {
  return await openSqlite({ file, schema: tasksSchema, durability: 'process' });
}

/** Registers a job of `count` leaves and starts them all. */
export async function runLeaves(engine: Engine, job: string, count = 1): Promise<Running> {
  return await engine.write(() => runLeavesBody(job, count, Date.now()));
}

export function* runLeavesBody(job: string, count: number, at: number): Steps<Running> {
  const leaves = Array.from({ length: count }, (_, index) => leaf(`leaf ${index}`));
  const plan = group('all', leaves, { mode: 'parallel' });
  const owner = thisOwner(at);
  const database = databaseName('default');
  const wanted = { plan, database, user: 'me', job, owner, replaces: true, memory: undefined };
  const made = yield* registerBody(wanted, at);
  const tasks = made.tasks.slice(1).map(({ id }) => id);
  for (const task of tasks) yield* startBody(task, at);
  return { ownerId: made.owner, jobId: made.job.id, tasks };
}

function thisOwner(at: number): Owner {
  const leaseUntil = at + 15_000;
  return { identity: selfIdentity(), host: 'here', command: 'test', cwd: '/', leaseUntil };
}

export async function taskRow(engine: Engine, task: number): Promise<TaskRow> {
  const row = await engine.read(() => one<TaskRow>('SELECT * FROM tasks WHERE id = ?', task));
  if (row === undefined) throw new Error(`no task ${task}`);
  return row;
}

export async function progressEvents(engine: Engine): Promise<number> {
  const rows = await engine.read(() => all("SELECT 1 FROM events WHERE kind = 'progress'"));
  return rows.length;
}

/** Until something is so, for a minute at most. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`never: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A process of `counting.fixture.ts` in a role, and what it has said first. */
export async function startCounting(
  t: TestContext,
  args: readonly string[],
  execArgv: readonly string[] = [],
  file = join(import.meta.dirname, 'counting.fixture.ts'),
): Promise<{ readonly process: ChildProcess; readonly running: Running }> {
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const child = spawn(process.execPath, [...execArgv, file, ...args], {
    // For a file that is not in our tree, and needs our packages.
    env: { ...env, NODE_PATH: join(import.meta.dirname, '../../../node_modules') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`it said nothing and ended with ${code}`);
  });
  const [said] = await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return { process: child, running: JSON.parse(String(said)) };
}
