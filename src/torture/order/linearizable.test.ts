import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { illegal, torture } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { checkLinearizable } from './linearizable.ts';
import { codeOf, opaque } from './samples.fixture.ts';

interface Call {
  readonly process: number;
  readonly f: 'read' | 'write';
  readonly key: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  readonly outcome?: Operation['outcome'];
}

/** Registers by key, 0 at first. Nothing here is ever run. */
const registers = torture({
  name: 'registers',
  store: { create: () => null, open: () => null },
  model: { init: 0, partition: (input: { key: string }) => input.key },
  ops: (op) => ({
    read: op({
      in: () => ({ key: 'k' }),
      run: () => 0,
      spec: (state, _input, value) => value === state || illegal(`read ${value} of ${state}`),
    }),
    write: op({
      in: () => ({ key: 'k', value: 0 }),
      run: () => null,
      spec: (_state, input) => input.value,
    }),
  }),
});

function operationOf({ process, f, key, value, from, to, outcome = 'ok' }: Call): Operation {
  return {
    process,
    phase: 'run',
    round: 0,
    f,
    input: f === 'write' ? { key, value } : { key },
    output: f === 'read' ? value : null,
    outcome,
    invokedAt: from,
    returnedAt: to,
  };
}

function check(calls: readonly Call[]) {
  return checkLinearizable(registers, calls.map(operationOf));
}

const write = (value: number, from: number, to: number, more: Partial<Call> = {}): Call => {
  return { process: 0, f: 'write', key: 'k', value, from, to, ...more };
};
const read = (value: number, from: number, to: number, more: Partial<Call> = {}): Call => {
  return { process: 1, f: 'read', key: 'k', value, from, to, ...more };
};

describe('linearizable', () => {
  test('a read that overlaps a write may see it or not', () => {
    assert.equal(check([write(1, 0, 10), read(0, 5, 15)]), undefined);
    assert.equal(check([write(1, 0, 10), read(1, 5, 15)]), undefined);
  });

  test('a read after a write sees it, and the answer names the read and the reason', () => {
    const verdict = check([write(1, 0, 10), read(0, 11, 15)]);
    assert.equal(verdict?.kind, 'illegal');
    assert.equal(verdict?.explained, 1);
    assert.deepEqual(
      verdict?.stuck.map((one) => one.f),
      ['read'],
    );
    assert.equal(verdict?.reason, 'read 0 of 1');
  });

  test('once one reader has seen a write, no later reader sees the time before', () => {
    const calls = [write(1, 0, 100), read(1, 10, 20), read(0, 30, 40, { process: 2 })];
    assert.equal(check(calls)?.kind, 'illegal');
  });

  test('keys do not touch each other, and the broken one is named', () => {
    const calls = [write(1, 0, 10), read(0, 20, 30, { key: 'other' })];
    assert.equal(check(calls), undefined);
    assert.equal(check([...calls, read(0, 20, 30)])?.partition, 'k');
  });

  test('what failed did not happen; what nobody knows about condemns nothing', () => {
    assert.equal(check([write(1, 0, 10, { outcome: 'fail' }), read(1, 20, 30)])?.kind, 'illegal');
    assert.equal(check([write(1, 0, 10, { outcome: 'info' }), read(0, 20, 30)]), undefined);
    const seen = check([write(1, 0, 10, { outcome: 'info' }), read(1, 20, 30)]);
    assert.notEqual(seen?.kind, 'illegal');
  });

  test('what nobody knows about hides nothing that it cannot explain', () => {
    const verdict = check([write(1, 0, 10, { outcome: 'info' }), read(2, 20, 30)]);
    assert.equal(verdict?.kind, 'illegal');
    assert.deepEqual(
      verdict.counterexample()?.operations.map(({ f }) => f),
      ['read'],
    );
  });

  test('is uncertain where a spec cannot say what an operation of unknown outcome did', () => {
    const next = (output: string, at: number, outcome: Operation['outcome'] = 'ok') => {
      const more = { f: 'next', input: null, output: outcome === 'ok' ? output : undefined };
      return { ...operationOf(read(0, at, at + 1, { outcome })), ...more };
    };
    const operations = [next(codeOf(1), 0), next('', 2, 'info'), next(codeOf(9), 4)];
    const verdict = checkLinearizable(opaque, operations);
    assert.equal(verdict?.kind, 'uncertain');
    assert.equal(verdict.counterexample(), undefined);
  });

  test('an answer on which the spec throws cannot be', () => {
    const lengths = torture({
      name: 'lengths',
      store: { create: () => null, open: () => null },
      model: { init: 0 },
      ops: (op) => ({
        read: op({
          in: () => ({ key: 'k' }),
          run: () => 'text',
          spec: (length, _input, text) => text.length === length,
        }),
      }),
    });
    const verdict = checkLinearizable(lengths, [
      { ...operationOf(read(0, 0, 1)), output: undefined },
    ]);
    assert.equal(verdict?.kind, 'illegal');
    assert.match(verdict.reason ?? '', /^the spec of read throws TypeError/);
    const unknown = { ...operationOf(read(0, 0, 1, { outcome: 'info' })), output: undefined };
    assert.equal(checkLinearizable(lengths, [unknown]), undefined);
  });

  test('a large partition that takes long does not hide a small one that is broken', () => {
    const hard = Array.from({ length: 40 }, (_, index) => [
      write(index, 0, 1000, { process: 2 * index, key: 'hard' }),
      read(index % 2 ? -1 : index, 0, 1000, { process: 2 * index + 1, key: 'hard' }),
    ]).flat();
    const before = performance.now();
    const verdict = check([...hard, write(1, 0, 10), read(0, 20, 30)]);
    assert.equal(verdict?.partition, 'k');
    assert.ok(performance.now() - before < 5000);
  });

  test('agrees with trying every order, on thousands of small histories', () => {
    const call = fc.record({
      f: fc.constantFrom('read' as const, 'write' as const),
      value: fc.nat(2),
      gap: fc.nat(4),
      length: fc.integer({ min: 1, max: 8 }),
    });
    const client = fc.array(call, { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(client, { minLength: 1, maxLength: 3 }), (clients) => {
        const calls = clients.flatMap((mine, process) => {
          let time = 0;
          return mine.map(({ f, value, gap, length }): Call => {
            const from = time + gap + 1;
            time = from + length;
            return { process, f, key: 'k', value, from, to: time };
          });
        });
        assert.equal(check(calls) === undefined, hasLegalOrder(calls, 0));
      }),
      { numRuns: 3000 },
    );
  });
});

/** By exhaustion. */
function hasLegalOrder(left: readonly Call[], state: number): boolean {
  if (left.length === 0) return true;
  return left.some((next) => {
    if (left.some((other) => other.to < next.from)) return false;
    if (next.f === 'read' && next.value !== state) return false;
    const rest = left.filter((other) => other !== next);
    return hasLegalOrder(rest, next.f === 'write' ? next.value : state);
  });
}
