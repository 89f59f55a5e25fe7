import { illegal, type Step, torture } from '../../declare/declaration.ts';
import type { Draw } from '../../declare/input.ts';
import type { Phase, Size } from '../../declare/plan.ts';
import { isSound } from './checks.ts';
import { contentOf } from './content.ts';
import {
  created,
  type Family,
  familyOf,
  latestOf,
  type Move,
  revoked,
  rotated,
  stateOf,
} from './family.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';

const names = ['k0', 'k1', 'k2'];

/** Every key there is. */
type Families = Readonly<Record<string, Family>>;

type Answer = string | number | undefined;

/** Whatever is asked at once, some order of it explains each answer: every version and every list. */
export const kl = torture({
  name: 'KL',
  store: siteStore(),
  model: { init: noFamilies() },
  ops: (op) => ({
    create: op({
      in: (draw) => ({ key: draw.pick(names) }),
      run: ({ vault }: Site, { key }) => orRefusal(vault.create(key, contentOf(key))),
      spec: (all: Families, { key }, answer: Answer) => step(all, key, created, answer),
    }),
    rotate: op({
      in: (draw) => ({ key: draw.pick(names), expected: versionOrNone(draw) }),
      run: ({ vault }: Site, { key, expected }) => orRefusal(vault.rotate(key, expected)),
      spec: (all: Families, { key, expected }, answer: Answer) =>
        step(all, key, (family) => rotated(family, expected), answer),
    }),
    revoke: op({
      in: (draw) => ({
        key: draw.pick(names),
        version: 1 + draw.int(4),
        expected: versionOrNone(draw),
      }),
      run: ({ vault }: Site, { key, version, expected }) =>
        orRefusal(vault.revoke(key, version, expected)),
      spec: (all: Families, { key, version, expected }, answer: Answer) =>
        step(all, key, (family) => revoked(family, version, expected), answer),
    }),
    latest: op({
      in: (draw) => ({ key: draw.pick(names) }),
      run: ({ vault }: Site, { key }) => orRefusal(vault.latest(key)),
      spec: (all: Families, { key }, answer: Answer) => step(all, key, latestOf, answer),
    }),
    get: op({
      in: (draw) => ({ key: draw.pick(names), version: 1 + draw.int(4) }),
      run: async ({ vault }: Site, { key, version }) =>
        (await vault.get(key, version))?.[0] ?? 'none',
      spec: (all: Families, { key, version }, answer: Answer) =>
        step(all, key, (family) => stateOf(family, version), answer),
    }),
    list: op({
      in: () => null,
      run: async ({ vault }: Site): Promise<Families> => {
        const families = Map.groupBy(await vault.list(), ({ key }) => key);
        return Object.fromEntries([...families].map(([key, rows]) => [key, familyOf(rows)]));
      },
      spec: listed,
    }),
  }),
  plan: (size) => ({ repeats: repeatsOf(size), phases: [runOf()] }),
  finalReads: [{ f: 'list', input: null }],
  invariants: { sound: (site) => isSound(site) },
  expect: ['no-deadlock', 'linearizable'],
  modes: ['threads', 'processes', 'crash'],
});

function repeatsOf({ mode, full }: Size): number {
  // A worker that is killed takes a second to be back; each crash image is judged like a run of its own.
  if (mode === 'crash') return full ? 10 : 1;
  return full ? 40 : 4;
}

/** Few at once and a barrier every few operations: the search for an order always ends. */
function runOf(): Phase<keyof typeof weights> {
  const role = { name: 'client', clients: 5, does: weights, count: 10 };
  return { name: 'run', rounds: 4, roles: [role] };
}

const weights = { create: 2, rotate: 4, revoke: 1, latest: 2, get: 2, list: 1 };

/** A version that may be in use, or nothing. */
function versionOrNone(draw: Draw): number | undefined {
  return draw.int(2) === 0 ? undefined : 1 + draw.round + draw.int(3);
}

// The output of an operation that nobody saw the end of is undefined: then the answer of these is
// the state that it leaves if it has happened.

function step(
  all: Families,
  key: string,
  move: (family: Family) => Move,
  given: Answer,
): Step<Families> {
  const { answer, next } = move(all[key] ?? '');
  if (given === undefined || given === answer) return { ...all, [key]: next };
  return illegal(`${key}: the answer is ${given} where it must be ${answer}`);
}

function listed(all: Families, _: null, answer: Families | undefined): Step<Families> {
  if (answer === undefined) return true;
  const [told, stored] = [textOf(answer), textOf(all)];
  return (
    told === stored ||
    illegal(`${told || 'nothing'} is listed where there is ${stored || 'nothing'}`)
  );
}

function textOf(all: Families): string {
  const there = Object.entries(all).filter(([, family]) => family !== '');
  return there
    .map(([key, family]) => `${key} ${family}`)
    .sort()
    .join(', ');
}

function noFamilies(): Families {
  return Object.fromEntries(names.map((key) => [key, '']));
}
