import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { torture } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { readImage } from '../faults/directory-image.ts';
import { realWorld } from '../world/real-world.ts';
import { before, judgeImages } from './crash-judge.ts';
import type { Inspection } from './inspector.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-crash-judge-'));
after(() => rmSync(root, { recursive: true }));

function operation(part: Partial<Operation>): Operation {
  const blank = { process: 0, phase: 'run', round: 0, f: 'set', input: 1, output: undefined };
  return { ...blank, outcome: 'ok', invokedAt: 0, returnedAt: 1, ...part };
}

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc
    .record({
      outcome: fc.constantFrom('ok' as const, 'fail' as const, 'info' as const),
      invokedAt: fc.nat(100),
      lasted: fc.option(fc.nat(40), { nil: undefined }),
      output: fc.nat(),
    })
    .map(({ lasted, ...one }) => {
      const returnedAt = lasted === undefined ? undefined : one.invokedAt + lasted;
      return operation(
        returnedAt === undefined ? { ...one, outcome: 'info' } : { ...one, returnedAt },
      );
    }),
);

describe('a history that ends in a crash', () => {
  const moments = fc.tuple(fc.nat(150), fc.nat(20)).map(([from, length]) => [from, from + length]);

  test('knows what had returned before, nothing of what was under way, and has not what came after', () => {
    fc.assert(
      fc.property(operations, moments, (all, [from = 0, to = 0]) => {
        const left = before(all, from, to);
        const begun = all.filter(({ invokedAt }) => invokedAt <= to);
        assert.equal(left.length, begun.length);
        for (const [index, one] of left.entries()) {
          const was = begun[index] as Operation;
          const { returnedAt = Number.POSITIVE_INFINITY } = was;
          if (returnedAt <= from) {
            assert.equal(one, was);
          } else if (was.outcome === 'fail') {
            assert.equal(one.outcome, 'fail', 'what is known not to have happened never has');
          } else {
            const { output, outcome, returnedAt: end, ...asked } = one;
            assert.deepEqual([output, outcome, end], [undefined, 'info', undefined]);
            assert.deepEqual(asked, { ...asked, f: was.f, input: was.input, process: was.process });
            assert.equal(one.invokedAt, was.invokedAt);
          }
        }
      }),
    );
  });

  test('at its very edges is not sure of what touches them', () => {
    const all = [
      operation({ input: 'before', invokedAt: 1, returnedAt: 10 }),
      operation({ input: 'at the end', invokedAt: 2, returnedAt: 11 }),
      operation({ input: 'just begun', invokedAt: 12, returnedAt: 15 }),
      operation({ input: 'after', invokedAt: 13, returnedAt: 14 }),
    ];
    assert.deepEqual(
      before(all, 10, 12).map(({ input, outcome }) => [input, outcome]),
      [
        ['before', 'ok'],
        ['at the end', 'info'],
        ['just begun', 'info'],
      ],
    );
  });
});

const register = torture({
  name: 'register',
  module: import.meta.url,
  store: { create: ({ dir }) => join(dir, 'value'), open: (file) => file },
  model: { init: '' },
  ops: (op) => ({
    set: op({ in: () => '', run: writeFileSync, spec: (_, value) => value }),
    get: op({
      in: () => null,
      run: async (file) => readFileSync(file, 'utf8'),
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

describe('images of crashes', () => {
  const setA = operation({ input: 'a', invokedAt: 10e6, returnedAt: 20e6 });
  const setB = operation({ input: 'b', invokedAt: 30e6, returnedAt: 50e6 });
  const known = [setA, setB];
  const repetition = { operations: known, workers: 1, stall: undefined, failures: [] };

  /** A store with images of other values, each taken at a time of its own. */
  async function judged(
    images: readonly (readonly [value: string, atMs: number])[],
    inspection?: Inspection,
  ) {
    const dir = mkdtempSync(join(root, 'store-'));
    const shared = join(dir, 'value');
    const taken = images.map(([value, atMs]) => {
      writeFileSync(shared, value);
      return { image: readImage(dir), from: atMs * 1e6, to: atMs * 1e6 + 1 };
    });
    writeFileSync(shared, 'whole');
    const asked: string[] = [];
    const found: string[][] = [];
    const doubted: string[] = [];
    const options = {
      ...{ repeat: 0, clock: () => 1e9, world: realWorld },
      inspect: async (operations: readonly Operation[]) => {
        const outcomes = operations.map(({ input, outcome }) => `${input} ${outcome}`);
        asked.push(`${readFileSync(shared, 'utf8')} after ${outcomes.join(', ')}`);
        return inspection;
      },
    };
    const crashed = { declared: register, shared, repetition, dir };
    for await (const { violations, doubts } of judgeImages(crashed, taken, options)) {
      found.push(violations.map(({ invariant, message }) => `${invariant}: ${message}`));
      doubted.push(...doubts);
    }
    assert.equal(readFileSync(shared, 'utf8'), 'whole', 'what the clients left is back');
    assert.equal(existsSync(`${dir}.whole`), false);
    return { asked, found, doubted };
  }

  test('must hold what had been acknowledged, and may hold what was under way', async () => {
    const { found, asked } = await judged([
      ['', 15],
      ['a', 15],
      ['a', 25],
      ['a', 40],
      ['b', 40],
      ['b', 60],
    ]);
    assert.deepEqual(found, [[], [], [], [], [], []]);
    assert.deepEqual(asked.slice(1, 4), ['a after a info', 'a after a ok', 'a after a ok, b info']);
  });

  test('that hold less, or what nobody had begun, are told with their time', async () => {
    const { found } = await judged([
      ['', 25],
      ['b', 25],
      ['a', 60],
    ]);
    for (const [index, at] of ['25.0', '25.0', '60.0'].entries()) {
      const [message, ...others] = found[index] ?? [];
      assert.deepEqual(others, []);
      assert.ok(message?.startsWith(`linearizable: after a crash at ${at} ms: `), message);
    }
  });

  test('are not opened here where somebody else was asked to read them', async () => {
    const hung = { kind: 'hung' as const, reason: 'the store was not read within 5 ms' };
    const { found } = await judged([['', 25]], hung);
    assert.deepEqual(found, [
      [
        'no-deadlock: after a crash at 25.0 ms: when all clients had gone, the store was not read within 5 ms',
      ],
    ]);
    const read = operation({ process: 9, f: 'get', output: 'a', invokedAt: 1e9, returnedAt: 2e9 });
    const other = await judged([['', 25]], { kind: 'read', operations: [read] });
    assert.deepEqual(other.found, [[]]);
    const late = { kind: 'late' as const, reason: 'not read, on a machine that is busy' };
    const nobody = await judged([['', 25]], late);
    assert.deepEqual([nobody.found, nobody.doubted], [[[]], [late.reason]]);
  });
});
