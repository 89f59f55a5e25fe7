import { type AnyDeclared, illegal, oneOf, torture } from '../declare/declaration.ts';

/** A declared model, and what a test has to know to make histories of it. */
export interface Sample {
  readonly declared: AnyDeclared;
  /** What may be asked. */
  readonly questions: readonly { readonly f: string; readonly input: unknown }[];
  /** Every answer that an operation can give in any state of a small history. */
  readonly answers: Readonly<Record<string, readonly unknown[]>>;
}

const store = { create: () => null, open: () => null };
const upTo = (count: number) => Array.from({ length: count }, (_, value) => value);
const nothing: readonly number[] = [];

const register = torture({
  name: 'register',
  store,
  model: { init: 0 },
  ops: (op) => ({
    read: op({ in: () => null, run: () => 0, spec: (state, _input, found) => found === state }),
    write: op({ in: () => 0, run: () => null, spec: (_state, value) => value }),
  }),
});

export const counter = torture({
  name: 'counter',
  store,
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: () => 0,
      spec: (count, step, found) =>
        found === count + step ? found : illegal(`${found} does not follow ${count}`),
    }),
    get: op({ in: () => null, run: () => 0, spec: (count, _input, found) => found === count }),
  }),
});

/** Its `take` believes whatever it is told, even nothing. */
export const allocator = torture({
  name: 'allocator',
  store,
  model: { init: nothing },
  ops: (op) => ({
    take: op({
      in: () => null,
      run: () => 0,
      spec: (held, _input, port) =>
        held.includes(port) ? illegal(`${port} is held`) : [...held, port].sort(),
    }),
    give: op({
      in: () => 0,
      run: () => null,
      spec: (held, port) =>
        held.includes(port) ? held.filter((one) => one !== port) : illegal(`nobody holds ${port}`),
    }),
  }),
});

/** Gives the lowest number that is free. */
const lowestFirst = torture({
  name: 'lowest first',
  store,
  model: { init: nothing },
  ops: (op) => ({
    take: op({
      in: () => null,
      run: () => 0,
      spec: (held, _input, port) =>
        port === upTo(9).find((one) => !held.includes(one)) && [...held, port].sort(),
    }),
    give: op({
      in: () => 0,
      run: () => true,
      spec: (held, port, wasHeld) =>
        wasHeld === held.includes(port) && held.filter((one) => one !== port),
    }),
  }),
});

/** Its `flip` may do nothing. */
export const lamp = torture({
  name: 'lamp',
  store,
  model: { init: 'off' },
  ops: (op) => ({
    flip: op({
      in: () => null,
      run: () => null,
      spec: (state) => oneOf(state, state === 'on' ? 'off' : 'on'),
    }),
    set: op({ in: () => 'on', run: () => null, spec: (_state, next) => next }),
    look: op({ in: () => null, run: () => 'on', spec: (state, _input, seen) => seen === state }),
  }),
});

const queue = torture({
  name: 'queue',
  store,
  model: { init: nothing },
  ops: (op) => ({
    put: op({ in: () => 0, run: () => null, spec: (values, value) => [...values, value] }),
    take: op({
      in: () => null,
      run: (): number | null => null,
      spec: ([first = null, ...rest], _input, found) => found === first && rest,
    }),
  }),
});

/** An `acquire` waits until the lock is free. */
const lock = torture({
  name: 'lock',
  store,
  model: { init: { isHeld: false } },
  ops: (op) => ({
    acquire: op({
      in: () => null,
      run: () => null,
      spec: ({ isHeld }) => (isHeld ? illegal('it is held') : { isHeld: true }),
    }),
    release: op({
      in: () => null,
      run: () => null,
      spec: ({ isHeld }) => isHeld && { isHeld: false },
    }),
  }),
});

const empty: { readonly [name: string]: true | undefined } = {};

/** Its `ensure` and `drop` only look where there is nothing to do. */
const names = torture({
  name: 'set of names',
  store,
  model: { init: empty },
  ops: (op) => ({
    ensure: op({
      in: () => 'a',
      run: () => null,
      spec: (state, name) => state[name] || { ...state, [name]: true },
    }),
    drop: op({
      in: () => 'a',
      run: () => null,
      spec: (state, name) => !state[name] || { ...state, [name]: undefined },
    }),
    has: op({
      in: () => 'a',
      run: () => true,
      spec: (state, name, found) => found === (state[name] ?? false),
    }),
  }),
});

/** Nobody can guess what it answers. */
export const opaque = torture({
  name: 'opaque',
  store,
  model: { init: 0 },
  ops: (op) => ({
    next: op({
      in: () => null,
      run: () => '',
      spec: (count, _input, found) => found === codeOf(count + 1) && count + 1,
    }),
  }),
});

export function codeOf(count: number): string {
  return `#${(count * 7919).toString(36)}`;
}

const none = { input: null };

/** Models of which every answer can be guessed. */
export const samples: readonly Sample[] = [
  {
    declared: register,
    questions: [
      { f: 'read', ...none },
      { f: 'write', input: 1 },
      { f: 'write', input: 2 },
    ],
    answers: { read: [0, 1, 2, 3], write: [null] },
  },
  {
    declared: counter,
    questions: [
      { f: 'add', input: 1 },
      { f: 'add', input: 2 },
      { f: 'get', ...none },
    ],
    answers: { add: upTo(16), get: upTo(16) },
  },
  {
    declared: allocator,
    questions: [
      { f: 'take', ...none },
      { f: 'take', ...none },
      { f: 'give', input: 1 },
      { f: 'give', input: 2 },
    ],
    answers: { take: [1, 2, 3], give: [null] },
  },
  {
    declared: lowestFirst,
    questions: [
      { f: 'take', ...none },
      { f: 'take', ...none },
      { f: 'give', input: 0 },
      { f: 'give', input: 1 },
    ],
    answers: { take: upTo(9), give: [true, false] },
  },
  {
    declared: lamp,
    questions: [
      { f: 'flip', ...none },
      { f: 'set', input: 'on' },
      { f: 'set', input: 'off' },
      { f: 'look', ...none },
    ],
    answers: { flip: [null], set: [null], look: ['on', 'off', 'broken'] },
  },
  {
    declared: queue,
    questions: [
      { f: 'put', input: 1 },
      { f: 'put', input: 2 },
      { f: 'take', ...none },
    ],
    answers: { put: [null], take: [null, 1, 2, 3] },
  },
  {
    declared: lock,
    questions: [
      { f: 'acquire', ...none },
      { f: 'release', ...none },
    ],
    answers: { acquire: [null], release: [null] },
  },
  {
    declared: names,
    questions: [
      { f: 'ensure', input: 'a' },
      { f: 'drop', input: 'a' },
      { f: 'ensure', input: 'b' },
      { f: 'has', input: 'a' },
    ],
    answers: { ensure: [null], drop: [null], has: [true, false] },
  },
];

export const opaqueSample: Sample = {
  declared: opaque,
  questions: [{ f: 'next', ...none }],
  answers: { next: upTo(9).map(codeOf) },
};
