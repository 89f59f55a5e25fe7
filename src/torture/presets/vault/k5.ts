import { type Broken, illegal, type Step, torture } from '../../declare/declaration.ts';
import type { Draw } from '../../declare/input.ts';
import type { Operation } from '../../declare/operation.ts';
import { checkLinearizable } from '../../order/linearizable.ts';
import { isSound } from './checks.ts';
import { contentOf } from './content.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';

const names = Array.from({ length: 12 }, (_, index) => `k${index}`);

interface NewKey {
  readonly key: string;
  readonly content: string;
}

/** One key: nothing, or its state's first letter and its content. */
type Held = string;

/** What the order of operations on one key is judged by. */
const base = torture({
  name: 'K5 by key',
  store: siteStore(),
  model: {
    init: '',
    partition: (input: string | NewKey | null) =>
      typeof input === 'string' ? input : (input?.key ?? 'lists'),
  },
  ops: (op) => ({
    create: op({
      in: (draw): NewKey => {
        const { client, round, nth } = draw;
        return { key: popular(draw), content: contentOf(`${client}-${round}-${nth}`) };
      },
      run: ({ vault }: Site, { key, content }) => orRefusal(vault.create(key, content)),
      spec: (held: Held, { content }, answer: string | undefined) =>
        is(answer, held === '' ? 'ok' : 'CONFLICT') ?? (held || `A${content}`),
    }),
    get: op({
      in: popular,
      run: async ({ vault }: Site, key) => (await vault.get(key, 1)) ?? 'none',
      spec: (held: Held, _key, answer: string | undefined) =>
        is(answer && letterOf(answer), held[0] ?? '') ?? held,
    }),
    reveal: op({
      in: popular,
      run: ({ vault }: Site, key) => orRefusal(vault.reveal(key, 1)),
      spec: (held: Held, _key, answer: string | undefined) => is(answer, revealed(held)) ?? held,
    }),
    revoke: op({
      in: popular,
      run: ({ vault }: Site, key) => orRefusal(vault.revoke(key, 1)),
      spec: (held: Held, _key, answer: string | undefined) =>
        is(answer, held === '' ? 'NOT_FOUND' : 'ok') ?? held.replace(/^A/, 'R'),
    }),
    remove: op({
      in: popular,
      run: ({ vault }: Site, key) => orRefusal(vault.remove(key, 1)),
      spec: (held: Held, _key, answer: string | undefined) =>
        is(answer, held === '' ? 'NOT_FOUND' : held[0] === 'A' ? 'KEY_STATE' : 'ok') ??
        (held[0] === 'R' ? '' : held),
    }),
    list: op({
      in: () => null,
      run: async ({ vault }: Site): Promise<Readonly<Record<string, string>>> =>
        Object.fromEntries((await vault.list()).map(({ key, state }) => [key, state])),
      // Of all keys: it is judged apart.
      spec: () => true,
    }),
  }),
  expect: ['linearizable'],
});

/** All kinds of calls for the same few keys, some of which everybody wants. */
export const k5 = torture({
  ...base,
  name: 'K5',
  module: import.meta.url,
  plan: ({ full }) => ({
    repeats: full ? 20 : 1,
    phases: [
      {
        name: 'run',
        rounds: 5,
        roles: [{ name: 'client', clients: 20, does: weights, count: 20 }],
      },
    ],
  }),
  invariants: {
    'lists go with the rest': async (site, history) => {
      const last = await lastList(site, history.operations);
      const lists = [...history.ok('list'), last];
      const keyed = history.operations.filter(({ f }) => f !== 'list');
      const found = checkLinearizable(base, [...keyed, ...lists.flatMap(asGets)]);
      if (found?.kind !== 'illegal') return [];
      const message = `no order explains the lists, as to ${found.partition} (${found.reason})`;
      return [{ message, operations: found.stuck }] satisfies Broken[];
    },
    'usable afterwards': async ({ vault }) => {
      await vault.create('afterwards', contentOf('afterwards'));
      return (await vault.reveal('afterwards', 1)) === contentOf('afterwards');
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock', 'linearizable'],
});

/** A quarter each: make, read, list, remove. */
const weights = { create: 2, get: 1, reveal: 1, list: 2, revoke: 1, remove: 1 };

/** The first twice as often as the second, and so on (Zipf). */
function popular({ int }: Draw): string {
  let left = int(shares.reduce((sum, share) => sum + share, 0));
  const at = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return names[at] ?? '';
}

const shares = names.map((_, index) => Math.floor(120 / (index + 1)));

/** Undefined where the answer is right, or nobody saw it. */
function is(answer: string | undefined, right: string): Step<Held> | undefined {
  if (answer === undefined || answer === right) return undefined;
  return illegal(`the answer is ${answer || 'none'} where it must be ${right || 'none'}`);
}

function revealed(held: Held): string {
  if (held === '') return 'NOT_FOUND';
  return held[0] === 'A' ? held.slice(1) : 'KEY_STATE';
}

function letterOf(state: string): string {
  return state === 'none' ? '' : (state[0] ?? '');
}

/** What a list says of each key is what a call for that key alone could have said. */
function asGets(list: Operation): readonly Operation[] {
  const states = list.output as Readonly<Record<string, string>>;
  return names.map((key) => ({ ...list, f: 'get', input: key, output: states[key] ?? 'none' }));
}

/** Somebody new, when all the others are gone. */
async function lastList(site: Site, operations: readonly Operation[]): Promise<Operation> {
  const process = 1 + Math.max(-1, ...operations.map((one) => one.process));
  const invokedAt = 1 + Math.max(0, ...operations.map((one) => one.returnedAt ?? one.invokedAt));
  const output = await base.ops.list.run(site, null);
  const when = { phase: 'afterwards', round: 0, invokedAt, returnedAt: invokedAt + 1 };
  return { process, f: 'list', input: null, output, outcome: 'ok', ...when };
}
