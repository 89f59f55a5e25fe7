import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../declare/operation.ts';
import { Drawing } from './drawing.ts';

const CLIENTS = 3;

/** Of clients that may have been killed several times, and of operations that may never return. */
const operation: fc.Arbitrary<Operation> = fc
  .record({
    process: fc.nat(4 * CLIENTS - 1),
    f: fc.constantFrom('get', 'set', 'list'),
    outcome: fc.constantFrom('ok' as const, 'fail' as const, 'info' as const),
    invokedAt: fc.double({ min: 0, max: 1e11, noNaN: true }),
    lasted: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined }),
  })
  .map(({ lasted, ...one }) => ({
    ...{ ...one, phase: 'run', round: 0, input: null, output: null },
    returnedAt: lasted === undefined ? undefined : one.invokedAt + lasted,
  }));

const repetitions = fc.array(fc.array(operation, { maxLength: 60 }), { maxLength: 3 });

function drawn(all: readonly (readonly Operation[])[]): Drawing {
  const drawing = new Drawing(CLIENTS);
  for (const operations of all) drawing.add(operations);
  return drawing;
}

function at(process: number, ms: number): Operation {
  const times = { invokedAt: ms * 1e6 - 1, returnedAt: ms * 1e6 };
  return { process, phase: 'run', round: 0, f: 'f', input: 0, output: 0, outcome: 'ok', ...times };
}

describe('a drawing of operations', () => {
  test('has a mark for each, in order of their beginning, to within ten nanoseconds', () => {
    fc.assert(
      fc.property(repetitions, (all) => {
        const operations = all.flat();
        const { f, marks, total } = drawn(all).timeline();
        assert.equal(total, operations.length);
        const read = marks.map(([process, name, outcome, begin, end]) =>
          JSON.stringify([process, f[name], outcome, begin, end]),
        );
        const micros = (ns: number) => Math.round(ns / 10) / 100;
        const expected = operations.map((one) => {
          const end = one.returnedAt === undefined ? -1 : micros(one.returnedAt);
          const outcome = { ok: 0, fail: 1, info: 2 }[one.outcome];
          return JSON.stringify([one.process, one.f, outcome, micros(one.invokedAt), end]);
        });
        assert.deepEqual(read.toSorted(), expected.toSorted());
        const begins = marks.map(([, , , begin]) => begin);
        assert.deepEqual(
          begins,
          begins.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  test('counts each return once, for the client whatever its number was then', () => {
    fc.assert(
      fc.property(repetitions, (all) => {
        const { binMs, clients } = drawn(all).throughput();
        const returned = all.flat().filter(({ returnedAt }) => returnedAt !== undefined);
        const last = Math.max(0, ...returned.map(({ returnedAt = 0 }) => returnedAt));
        for (const [client, bins] of clients.entries()) {
          const own = returned.filter(({ process }) => process % CLIENTS === client);
          assert.equal(
            bins.reduce((sum, one) => sum + one, 0),
            own.length,
          );
          assert.ok(bins.length <= 60 && binMs >= 1 && bins.length * binMs * 1e6 >= last - 1);
        }
      }),
    );
  });

  test('of a second has sixty stretches, of which the last is as long as the others', () => {
    const operations = Array.from({ length: 600 }, (_, index) => at(0, (index + 1) / 0.6));
    const { binMs, clients } = drawn([operations]).throughput();
    assert.equal(Math.round(binMs * 1000), 16_667);
    const [bins = []] = clients;
    assert.equal(bins.length, 60);
    assert.ok(
      bins.every((count) => count >= 9 && count <= 11),
      bins.join(),
    );
  });

  test('has a row for a client that never returned, and one stretch where there is nothing', () => {
    const { clients } = drawn([[at(1, 5)]]).throughput();
    assert.deepEqual(clients, [
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0],
    ]);
    assert.deepEqual(drawn([]).throughput(), { binMs: 1, clients: [[0], [0], [0]] });
  });

  test('keeps a hundred thousand marks and counts the others', () => {
    const { marks, total } = drawn([Array(100_001).fill(at(0, 1))]).timeline();
    assert.deepEqual([marks.length, total], [100_000, 100_001]);
  });
});
