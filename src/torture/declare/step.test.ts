import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLinearizable } from '../order/linearizable.ts';
import { illegal, oneOf, type Step, torture } from './declaration.ts';
import type { Operation } from './operation.ts';

const nowhere = { create: () => null, open: () => ({ name: 'a store' }) };

interface Shelf {
  readonly [key: string]: number;
}

const init: Shelf = {};

/** That it compiles is the test of the types: no `spec` here says what its arguments are. */
const shelf = torture({
  name: 'shelf',
  store: nowhere,
  model: { init },
  ops: (op) => ({
    get: op({
      in: () => 'k',
      run: (store, key) => key.length + store.name.length,
      spec: (state, key, found) =>
        found === (state[key] ?? 0) || illegal(`${found.toFixed()} at ${key.length}`),
    }),
    /** Puts down a number or loses it. */
    put: op({
      in: () => ({ key: 'k', value: 1 }),
      run: async () => null,
      spec: (state, { key, value }) => oneOf({ ...state, [key]: value }, state),
    }),
    /** Takes away one of two. */
    drop: op({
      in: () => ['a', 'b'] as const,
      run: () => true,
      *spec(state, keys, isDone) {
        for (const key of keys) {
          if (isDone && key in state) yield { ...state, [key]: 0 };
        }
      },
    }),
    /** Says why not. */
    bump: op({
      in: () => 'k',
      run: () => 0,
      spec: function* (state, key, found) {
        const next = (state[key] ?? 0) + 1;
        if (found !== next) return illegal(`${found} is not ${next}`);
        yield { ...state, [key]: next };
      },
    }),
  }),
});

shelf.ops.bump.run satisfies (store: { name: string }, key: string) => number | Promise<number>;
oneOf(1, 2) satisfies Step<number>;
oneOf<Shelf>({ a: 1 }, {}) satisfies Step<Shelf>;
oneOf() satisfies Step<Shelf>;
// @ts-expect-error: a text is no state of a number.
oneOf('one') satisfies Step<number>;

torture({
  name: 'wrong',
  store: nowhere,
  model: { init: 0 },
  ops: (op) => ({
    several: op({
      in: () => 1,
      run: () => 2,
      // @ts-expect-error: a text is no state of a number.
      spec: (_state, input) => oneOf(`${input}`),
    }),
    yields: op({
      in: () => 1,
      run: () => 2,
      // @ts-expect-error: a text is no state of a number.
      *spec(state) {
        yield `${state}`;
      },
    }),
  }),
});

let time = 0;

/** The next operation of the only client. */
function done(f: keyof typeof shelf.ops, input: unknown, output: unknown): Operation {
  const invokedAt = time++;
  const outcome = 'ok';
  return {
    ...{ process: 0, phase: 'run', round: 0, f, input, output, outcome },
    invokedAt,
    returnedAt: time++,
  };
}

function check(...operations: Operation[]) {
  return checkLinearizable(shelf, operations);
}

describe('a spec with several states', () => {
  const put = (key: string, value: number) => done('put', { key, value }, null);

  test('may lead to any of them', () => {
    assert.equal(check(put('k', 5), done('get', 'k', 5)), undefined);
    assert.equal(check(put('k', 5), done('get', 'k', 0)), undefined);
  });

  test('leads to no other', () => {
    const verdict = check(put('k', 5), done('get', 'k', 4));
    assert.equal(verdict?.kind, 'illegal');
  });

  test('stays with the one that was taken', () => {
    const seen = [put('k', 5), done('get', 'k', 5)];
    assert.equal(check(...seen, done('get', 'k', 0))?.kind, 'illegal');
  });

  test('as a generator may lead to any that it yields', () => {
    const both = [done('bump', 'a', 1), done('bump', 'b', 1), done('drop', ['a', 'b'], true)];
    assert.equal(check(...both, done('get', 'b', 0), done('get', 'a', 1)), undefined);
    assert.equal(check(...both, done('get', 'a', 0), done('get', 'b', 1)), undefined);
    assert.equal(check(...both, done('get', 'a', 0), done('get', 'b', 0))?.kind, 'illegal');
  });

  test('as a generator that yields nothing says that it cannot be, and why', () => {
    assert.equal(check(done('drop', ['a', 'b'], true))?.kind, 'illegal');
    assert.equal(check(done('bump', 'k', 3))?.reason, '3 is not 1');
  });

  test('holds in a history too long to try every order of', () => {
    const many = Array.from({ length: 60 }, (_, index) => put('k', index));
    assert.equal(check(...many, done('get', 'k', 17)), undefined);
    assert.equal(check(...many, done('get', 'k', 99))?.kind, 'illegal');
  });
});
