import { existsSync, readFileSync } from 'node:fs';
import type { TaskEvent } from '../../src/tasks.ts';
import { type LastWords, readLastWords } from '../journal.ts';
import { isEnd } from './chronicle.ts';
import { type Sample, samplesOf, type TasksEntry } from './deeds.ts';

/** A writer that was killed. */
export interface Dead {
  readonly pid: number;
  readonly journal: string;
  /** Epoch ms, just before the signal was sent. */
  readonly killedAt: number;
  /** By SIGTERM, upon which it calls `process.exit`. */
  readonly isAsked: boolean;
}

/** An event, and when it was received. */
export interface Received {
  readonly event: TaskEvent;
  /** Epoch ms. */
  readonly receivedAt: number;
}

export interface Account {
  readonly violations: readonly string[];
  readonly words: readonly LastWords<TasksEntry>[];
  /** Of each of the dead that left active jobs: ms from the kill until an observer knew all as lost. */
  readonly lostAfterMs: readonly number[];
  readonly lostJobs: number;
  /** Of each of the dead that had counted: how old the oldest was that is in no file, in ms. */
  readonly lossMs: readonly number[];
}

/** Holds the log against what the dead were told. `pids`: of the owners, by the ids of their rows. */
export function account(
  log: readonly Received[],
  dead: readonly Dead[],
  pids: ReadonlyMap<number, number>,
): Account {
  const words = dead.map(({ journal }) => readLastWords<TasksEntry>(journal));
  const ends = endsIn(log);
  const lost = lostJobs(log, dead, pids);
  const lossMs = dead.flatMap((one) => lossOf(one, ends) ?? []);
  return {
    violations: [...lost.violations, ...missing(log, words), ...endless(log, ends)],
    ...{ words, lossMs, lostAfterMs: lost.afterMs, lostJobs: lost.count },
  };
}

/** What each task had done when it ended. */
function endsIn(log: readonly Received[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const { event } of log) if (hasEnded(event)) ends.set(event.task, event.progress);
  return ends;
}

type Ended = Extract<TaskEvent, { readonly isExcluded: boolean }>;

function hasEnded(event: TaskEvent): event is Ended {
  return isEnd(event.kind);
}

/** Each owner's jobs are lost after its death, and only then. */
function lostJobs(
  log: readonly Received[],
  dead: readonly Dead[],
  pids: ReadonlyMap<number, number>,
): {
  readonly violations: readonly string[];
  readonly afterMs: readonly number[];
  readonly count: number;
} {
  const byPid = new Map(dead.map((one) => [one.pid, one]));
  const owners = new Map<number, Dead | undefined>();
  const roots = new Map<number, number>();
  const afterMs = new Map<Dead, number>();
  const violations: string[] = [];
  let count = 0;
  for (const { event, receivedAt } of log) {
    if (event.kind === 'stored' || event.kind === 'replaced') {
      owners.set(event.jobId, byPid.get(pids.get(event.record.owner) ?? 0));
      roots.set(event.jobId, event.task);
    }
    if (event.kind === 'recovered') violations.push(`event ${event.seq}: nobody was to come back`);
    if (event.kind !== 'lost') continue;
    const owner = owners.get(event.jobId);
    if (owner === undefined || event.at < owner.killedAt) {
      violations.push(`event ${event.seq}: lost while its process lived`);
    } else if (roots.get(event.jobId) === event.task) {
      count += 1;
      const ms = receivedAt - owner.killedAt;
      afterMs.set(owner, Math.max(ms, afterMs.get(owner) ?? 0));
    }
  }
  return { violations, afterMs: [...afterMs.values()], count };
}

/** What was acknowledged and is not in the log. */
function missing(
  log: readonly Received[],
  words: readonly LastWords<TasksEntry>[],
): readonly string[] {
  const there = new Set<string>();
  for (const { event } of log) if ('task' in event) there.add(`${event.task} ${event.kind}`);
  return words
    .flatMap(({ acknowledged }) => acknowledged.flatMap(({ marks = [] }) => marks))
    .filter(({ task, kind }) => !there.has(`${task} ${kind}`))
    .map(({ task, kind }) => `task ${task}: '${kind}' was acknowledged and is not in the log`);
}

/** Tasks that never ended, though all who could end them are dead. */
function endless(log: readonly Received[], ends: ReadonlyMap<number, number>): readonly string[] {
  const active = new Map<number, number[]>();
  for (const { event } of log) {
    if (event.kind === 'replaced') active.delete(event.former);
    if (event.kind === 'cleared') active.clear();
    else if (event.kind === 'removed') active.delete(event.jobId);
    else if (event.kind === 'stored' || event.kind === 'replaced' || event.kind === 'added') {
      const known = active.get(event.jobId) ?? [];
      active.set(event.jobId, [...known, ...event.tasks.map(({ id }) => id)]);
    }
  }
  return [...active.values()]
    .flat()
    .filter((task) => !ends.has(task))
    .map((task) => `task ${task} has not ended`);
}

/** How much of what a process had counted went with it, as time; undefined: it had not counted. */
function lossOf(
  { journal, killedAt }: Dead,
  ends: ReadonlyMap<number, number>,
): number | undefined {
  const samples = readSamples(journal);
  const firstLost = samples.find(({ progress }) =>
    Object.entries(progress).some(([task, done]) => done > (ends.get(Number(task)) ?? done)),
  );
  if (samples.length === 0) return undefined;
  return firstLost === undefined ? 0 : killedAt - firstLost.at;
}

function readSamples(journal: string): readonly Sample[] {
  const file = samplesOf(journal);
  if (!existsSync(file)) return [];
  // A line that was cut off by the kill was not written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ progress }) => Object.keys(progress).length > 0);
}
