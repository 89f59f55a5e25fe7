import { illegal, type Step, torture } from '../../declare/declaration.ts';
import type { Phase, Size } from '../../declare/plan.ts';
import { isSound } from './checks.ts';
import { directories, type Row, type Site, siteStore } from './site.ts';

const range = { min: 20_000, max: 20_004 };
/** More than there are ports: every few operations one finds none left. */
const names = directories(6);
const groupSize = 2;

/** Every reservation there is, in order of path and tag. */
type Rows = readonly Row[];

/** An answer like others: the model knows when it must come. */
const EXHAUSTED = 'exhausted';

/** Whatever is asked at once, some order of it explains each answer: every port and every list. */
export const pl = torture({
  name: 'PL',
  store: siteStore(() => ({ range, directories: names })),
  model: { init: noRows() },
  ops: (op) => ({
    reserve: op({
      in: (draw) => draw.pick(names),
      run: (site: Site, name) => orExhausted(site.reserve(name)),
      spec: reserved,
    }),
    group: op({
      in: (draw) => draw.pick(names),
      run: (site: Site, name) => orExhausted(site.reserveGroup(name, groupSize)),
      spec: grouped,
    }),
    release: op({
      in: (draw) => draw.pick(names),
      run: (site: Site, name) => site.release(name),
      spec: released,
    }),
    list: op({
      in: () => null,
      run: (site: Site) => site.list(),
      spec: listed,
    }),
  }),
  plan: (size) => ({
    repeats: repeatsOf(size),
    phases: [runOf(size)],
  }),
  finalReads: [{ f: 'list', input: null }],
  invariants: { sound: (site) => isSound(site) },
  expect: ['no-deadlock', 'linearizable'],
  modes: ['threads', 'processes', 'crash'],
});

function repeatsOf({ mode, full }: Size): number {
  if (mode === 'cli') return full ? 5 : 1;
  // A worker that is killed takes a second to be back; each crash image is judged like a run of its own.
  if (mode === 'crash') return full ? 10 : 1;
  return full ? 40 : 4;
}

/** Few at once and a barrier every few operations: the search for an order always ends. */
function runOf({ mode }: Size): Phase<keyof typeof weights> {
  const isCli = mode === 'cli';
  const [clients, count] = isCli ? [4, 4] : [5, 10];
  return {
    name: 'run',
    rounds: isCli ? 2 : 4,
    roles: [{ name: 'client', clients, does: weights, count }],
  };
}

const weights = { reserve: 4, group: 1, release: 3, list: 2 };

// The output of an operation that nobody saw the end of is undefined: then the answer of these is
// the state that it leaves if it has happened.

function reserved(
  rows: Rows,
  name: string,
  answer: number | typeof EXHAUSTED | undefined,
): Step<Rows> {
  const held = rows.find(({ path, tag }) => path === name && tag === undefined);
  const port = held?.port ?? lowestBase(rows, 1);
  if (answer !== undefined && answer !== (port ?? EXHAUSTED)) {
    return illegal(`${name} is given ${answer} where ${port ?? 'nothing'} is to be had`);
  }
  if (held || port === undefined) return true;
  return inOrder([...rows, { path: name, tag: undefined, port }]);
}

function grouped(
  rows: Rows,
  name: string,
  answer: readonly number[] | typeof EXHAUSTED | undefined,
): Step<Rows> {
  const held = rows.filter(({ path, tag }) => path === name && tag !== undefined);
  const base = held[0]?.port ?? lowestBase(rows, groupSize);
  const members = base === undefined ? [] : groupAt(name, base);
  const ports = members.map(({ port }) => port);
  if (answer !== undefined && String(answer) !== (String(ports) || EXHAUSTED)) {
    return illegal(`${name} is given ${answer} where ${ports.join(' ') || 'nothing'} is to be had`);
  }
  return held.length > 0 || base === undefined ? true : inOrder([...rows, ...members]);
}

function released(rows: Rows, name: string, answer: number | undefined): Step<Rows> {
  const rest = rows.filter(({ path }) => path !== name);
  const count = rows.length - rest.length;
  if (answer !== undefined && answer !== count) {
    return illegal(`${name} is rid of ${answer} where it has ${count}`);
  }
  return rest;
}

function listed(rows: Rows, _: null, answer: Rows | undefined): Step<Rows> {
  if (answer === undefined) return true;
  const [told, stored] = [textOf(answer), textOf(rows)];
  return (
    told === stored ||
    illegal(`${told || 'nothing'} is listed where there is ${stored || 'nothing'}`)
  );
}

/** The lowest port from which on so many are free. */
function lowestBase(rows: Rows, count: number): number | undefined {
  const taken = new Set(rows.map(({ port }) => port));
  const isFree = (base: number) =>
    Array.from({ length: count }, (_, offset) => base + offset).every((port) => !taken.has(port));
  for (let base = range.min; base + count - 1 <= range.max; base += 1)
    if (isFree(base)) return base;
  return undefined;
}

function groupAt(path: string, base: number): Rows {
  return Array.from({ length: groupSize }, (_, at) => ({
    path,
    tag: `port-${at}`,
    port: base + at,
  }));
}

function inOrder(rows: Rows): Rows {
  const keyOf = ({ path, tag = '' }: Row) => `${path}\0${tag}`;
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function textOf(rows: Rows): string {
  return rows.map(({ path, tag, port }) => `${tag ? `${path}/${tag}` : path} ${port}`).join(', ');
}

function noRows(): Rows {
  return [];
}

async function orExhausted<T>(answer: Promise<T>): Promise<T | typeof EXHAUSTED> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'PORTS_EXHAUSTED') {
      return EXHAUSTED;
    }
    throw error;
  }
}
