import { setTimeout as pause } from 'node:timers/promises';
import type { Broken } from '../../declare/declaration.ts';
import type { Draw } from '../../declare/input.ts';
import type { Operation } from '../../declare/operation.ts';
import type { Site } from './site.ts';
import type { SubjectEvent, TasksSubject } from './subject.ts';

/** A job of somebody's own, in a database that everybody spells differently. */
export interface Join {
  readonly database: string;
  readonly job: string;
  /** Between looking what there is and registering. */
  readonly delayMs: number;
}

/** What a list has shown of a database. */
export interface Shown {
  readonly jobs: readonly string[];
  /** By the store's own count. */
  readonly count: number;
}

const DELAYS_MS = 6;

export function joinOf(draw: Draw): Join {
  const { client, round } = draw;
  return {
    database: spelled(round, client),
    job: `j${client}-${round}`,
    delayMs: draw.int(2) * draw.int(DELAYS_MS),
  };
}

export async function join(tasks: TasksSubject, { database, job, delayMs }: Join): Promise<number> {
  await tasks.list(database);
  if (delayMs > 0) await pause(delayMs);
  return (await tasks.register(job, { database })).generation;
}

export async function show(tasks: TasksSubject, database: string): Promise<Shown> {
  const { rows, count } = await tasks.list(database);
  return { jobs: rows.map(({ job }) => job), count };
}

/** One name in five spellings: other cases, with space around it, composed and not. */
export function spelled(round: number, which: number): string {
  const name = `Café ${round}`;
  const spellings = [
    name,
    name.toUpperCase(),
    name.normalize('NFD'),
    ` ${name.toLowerCase()}\u00a0`,
    name.toUpperCase().normalize('NFD'),
  ];
  return spellings[which % spellings.length] ?? name;
}

/** What every spelling comes to. */
export function normalised(database: string): string {
  return database.normalize('NFC').trim().toLowerCase();
}

type Joins = readonly Operation<Join, number>[];

/** There is each name once, with all the jobs that joined it. */
export async function namesOnce({ tasks }: Site, joins: Joins): Promise<Broken[]> {
  const wanted = [...Map.groupBy(joins, ({ input }) => normalised(input.database))].map(
    ([name, same]) => `${name}: ${same.length}`,
  );
  const found = (await tasks.databases()).map(({ name, jobs }) => `${name}: ${jobs}`);
  const missing = wanted.filter((one) => !found.includes(one));
  const others = found.filter((one) => !wanted.includes(one));
  if (missing.length === 0 && others.length === 0 && found.length === wanted.length) return [];
  const message = `there is ${others.join(', ') || 'no other'} where there must be ${missing.join(', ') || 'no more'}`;
  return [{ message }];
}

/** Every job that joined is listed, in generation 1, and no other. */
export async function exactlyJoined({ tasks }: Site, joins: Joins): Promise<Broken[]> {
  const found: Broken[] = [];
  for (const [name, same] of Map.groupBy(joins, ({ input }) => normalised(input.database))) {
    const { rows } = await tasks.list(name);
    const listed = rows.map(({ job, generation }) => `${job} ${generation}`).sort();
    const wanted = same.map(({ input }) => `${input.job} 1`).sort();
    if (String(listed) === String(wanted)) continue;
    const message = `${name} has ${listed.length} jobs where ${wanted.length} were registered`;
    found.push({ message, operations: same });
  }
  return found;
}

/** Every job that joined is told of once. */
export function toldOnce(log: readonly SubjectEvent[], joins: Joins): Broken[] {
  const told = Map.groupBy(log, ({ database, job }) => `${database}/${job}`);
  return joins.flatMap((one): Broken[] => {
    const { database, job } = one.input;
    const events = told.get(`${normalised(database)}/${job}`) ?? [];
    const count = events.filter(({ kind }) => kind === 'stored').length;
    if (count === 1 && events.length === 1) return [];
    const message = `${job} was stored, and ${count} events of ${events.length} say so`;
    return [{ message, operations: [one] }];
  });
}

type Shows = readonly Operation<string, Shown>[];

/** A list and its count are of one moment. */
export function miscounted(shows: Shows): Broken[] {
  return shows
    .filter(({ output }) => output.count !== output.jobs.length)
    .map((one) => ({
      message: `${one.output.jobs.length} jobs are listed and ${one.output.count} counted`,
      operations: [one],
    }));
}

/** What had joined before is in a list, and what has not begun to is not. */
export function misshown(shows: Shows, joins: Joins): Broken[] {
  return shows.flatMap((show) => {
    const same = joins.filter(({ input }) => normalised(input.database) === normalised(show.input));
    return same.flatMap((one): Broken[] => {
      const isShown = show.output.jobs.includes(one.input.job);
      const isThere = one.outcome === 'ok' && (one.returnedAt ?? 0) < show.invokedAt;
      const isComing = one.invokedAt <= (show.returnedAt ?? Number.POSITIVE_INFINITY);
      if (isShown ? isComing : !isThere) return [];
      const message = `${one.input.job} is ${isShown ? 'there before it was registered' : 'not listed'}`;
      return [{ message, operations: [one, show] }];
    });
  });
}
