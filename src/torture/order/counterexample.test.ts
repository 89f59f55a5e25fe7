import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type AnyDeclared, torture } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { Random } from '../declare/random.ts';
import { counterexampleOf } from './counterexample.ts';
import { checkLinearizable } from './linearizable.ts';
import { canBe, historiesOf } from './relaxed-oracle.fixture.ts';
import { counter, opaqueSample, type Sample, samples } from './samples.fixture.ts';

/** Histories of each model. */
const RUNS = Number(process.env.COUNTEREXAMPLE_RUNS ?? 400);

function find({ declared }: Sample, operations: readonly Operation[]) {
  return counterexampleOf(declared, '', operations, performance.now() + 20_000);
}

describe('a counterexample', () => {
  for (const sample of samples) {
    const anyOf = ({ f }: Operation) => sample.answers[f] ?? [];

    test(`of a ${sample.declared.name} cannot be, whatever the other operations did`, () => {
      fc.assert(
        fc.property(historiesOf(sample), (operations) => {
          const all = new Set(operations);
          const isLegal = canBe(sample, operations, all, anyOf);
          assert.equal(checkLinearizable(sample.declared, operations) === undefined, isLegal);
          if (isLegal) return;
          const found = find(sample, operations);
          assert.ok(found);
          const strict = new Set(found.operations);
          assert.equal(strict.size + found.others, operations.length);
          assert.ok(!canBe(sample, operations, strict, anyOf), 'the others can explain it');
          for (const one of strict) {
            const fewer = new Set([...strict].filter((other) => other !== one));
            assert.ok(canBe(sample, operations, fewer, anyOf), 'one of them is not needed');
          }
        }),
        { numRuns: RUNS },
      );
    });
  }

  for (const sample of samples) {
    const anyOf = ({ f }: Operation) => sample.answers[f] ?? [];

    test(`of a ${sample.declared.name} is found in spite of operations of unknown outcome`, () => {
      fc.assert(
        fc.property(historiesOf(sample, 30), (operations) => {
          const returned = new Set(operations.filter(({ outcome }) => outcome === 'ok'));
          const verdict = checkLinearizable(sample.declared, operations);
          if (canBe(sample, operations, returned, anyOf)) {
            assert.equal(verdict, undefined);
            assert.equal(find(sample, operations), undefined);
            return;
          }
          assert.ok(verdict);
          // A `give` of what nobody held may have done anything.
          if (verdict.kind === 'uncertain') return;
          assert.equal(verdict.kind, 'illegal');
          const found = verdict.counterexample();
          assert.ok(found, 'there is none');
          const strict = new Set(found.operations);
          assert.ok(strict.isSubsetOf(returned));
          assert.ok(!canBe(sample, operations, strict, anyOf), 'the others can explain it');
        }),
        { numRuns: RUNS },
      );
    });
  }

  test('of answers that nobody can guess cannot be with what the others did answer', () => {
    const own = ({ output }: Operation) => [output];
    fc.assert(
      fc.property(historiesOf(opaqueSample), (operations) => {
        if (canBe(opaqueSample, operations, new Set(operations), own)) return;
        const found = find(opaqueSample, operations);
        assert.ok(found);
        assert.ok(!canBe(opaqueSample, operations, new Set(found.operations), own));
      }),
      { numRuns: RUNS },
    );
  });
});

type Told = readonly [f: string, input: unknown, output: unknown, from: number, to: number];

/** Operations by client, with their times in microseconds. */
function historyOf(...clients: (readonly Told[])[]): Operation[] {
  return clients
    .flatMap((told, process) =>
      told.map(([f, input, output, from, to]): Operation => {
        const times = { invokedAt: from * 1000, returnedAt: to * 1000 };
        return { process, phase: 'run', round: 0, f, input, output, outcome: 'ok', ...times };
      }),
    )
    .sort((a, b) => a.invokedAt - b.invokedAt);
}

function sampleOf(name: string): AnyDeclared {
  const sample = samples.find(({ declared }) => declared.name === name);
  assert.ok(sample);
  return sample.declared;
}

function told(declared: AnyDeclared, operations: readonly Operation[], partition = '') {
  const found = counterexampleOf(declared, partition, operations, performance.now() + 20_000);
  assert.ok(found);
  const { sentence, others, order } = found;
  const outputs = found.operations.map(({ f, input, output }) => [f, input ?? output]);
  return { sentence, others, order, outputs };
}

describe('a counterexample says', () => {
  /** Reads, and writes when it has its turn again: everybody else may have come between. */
  function lossyAdditions(clients: number, count: number): Operation[] {
    const random = new Random('lossy');
    const open = new Map<number, { at: number; read?: number }>();
    const done: Operation[] = [];
    let state = 0;
    for (let time = 0; done.length < count; time += 1 + random.int(5)) {
      const process = random.int(clients);
      const own = open.get(process);
      if (own?.read === undefined) open.set(process, own ? { ...own, read: state } : { at: time });
      else {
        state = own.read + 1;
        done.push(
          ...historyOf([['add', 1, state, own.at, time]]).map((one) => ({ ...one, process })),
        );
        open.delete(process);
      }
    }
    return done;
  }

  test('who was given the same, of hundreds of operations', () => {
    const operations = lossyAdditions(8, 300);
    const { sentence, outputs, others, order } = told(counter, operations);
    assert.match(sentence, /^client \d and client \d were both given \d+ by add$/);
    assert.equal(outputs.length, 2);
    assert.equal(others, 298);
    assert.equal(order.length, 1);
  });

  test('what a result had to come after, and why it cannot', () => {
    const ports = historyOf(
      [['take', null, 5000, 0, 10]],
      [['give', 5000, null, 20, 30]],
      [['give', 5000, null, 35, 40]],
    );
    assert.deepEqual(told(sampleOf('allocator'), ports), {
      sentence:
        'no order explains give 5000 of client 2 (0.04–0.04 ms), after give 5000 of client 1 (done 5.0 µs before it began): nobody holds 5000',
      outputs: [
        ['give', 5000],
        ['give', 5000],
      ],
      ...{ others: 1, order: [0] },
    });
  });

  test('that a result cannot be whatever came before', () => {
    const reads = historyOf([['write', 1, null, 0, 10]], [['read', null, 3, 0, 10]]);
    const { sentence, outputs } = told(sampleOf('register'), reads);
    assert.equal(sentence, 'read → 3 of client 1 (0.00–0.01 ms) cannot be');
    assert.deepEqual(outputs, [['read', 3]]);
  });

  test('nothing wrong of operations that only seem to look', () => {
    // A drop of nothing changes nothing, but among these there may have been something to drop.
    const operations = historyOf(
      [
        ['has', 'a', false, 3, 4],
        ['has', 'a', false, 5, 6],
        ['has', 'a', true, 7, 8],
      ],
      [['ensure', 'a', null, 1, 3]],
      [['drop', 'a', null, 1, 2]],
    );
    const { outputs } = told(sampleOf('set of names'), operations);
    assert.deepEqual(outputs.map(([f]) => f).sort(), ['ensure', 'has', 'has']);
  });

  test('no times where they are numbers of steps', () => {
    const steps = historyOf([['write', 1, null, 0.001, 0.002]], [['read', null, 0, 0.003, 0.004]]);
    const { sentence } = told(sampleOf('register'), steps);
    assert.equal(
      sentence,
      'no order explains read → 0 of client 1, after write 1 of client 0 (done before it began)',
    );
  });

  test('how many operations have to be as they were seen, where they can lead anywhere', () => {
    const takes = Array.from({ length: 40 }, (_, nth): Told => {
      return ['take', null, 5000 + nth, 10 * nth, 10 * nth + 5];
    });
    const operations = historyOf(takes, [['take', null, 5020, 203, 208]]);
    const { sentence, others, outputs } = told(sampleOf('allocator'), operations);
    const [, given = ''] =
      /^client 0 and client 1 were both given 5020 by take \(given what (\d+) other operations answered\)$/.exec(
        sentence,
      ) ?? [];
    assert.equal(outputs.length, 2, sentence);
    assert.ok(Number(given) >= 15, sentence);
    assert.equal(Number(given) + others + 2, operations.length);
  });

  test('what is wrong in one partition', () => {
    const declared = { ...sampleOf('register'), model: { init: 0, partition: partitionOf } };
    const operations = historyOf(
      [['write', 1, null, 0, 10]],
      [['read', null, 1, 20, 30]],
      [['write', 2, null, 0, 10]],
      [['read', 2, 0, 20, 30]],
    );
    const { outputs, others } = told(declared, operations, 'b');
    assert.deepEqual([outputs.length, others], [2, 0]);
    const found = counterexampleOf(declared, 'a', operations, performance.now() + 20_000);
    assert.equal(found, undefined);
  });

  test('nothing of what is possible', () => {
    const legal = historyOf([['add', 1, 1, 0, 10]], [['add', 1, 2, 0, 10]]);
    const deadline = performance.now() + 20_000;
    assert.equal(counterexampleOf(counter, '', legal, deadline), undefined);
    assert.equal(counterexampleOf(counter, 'no such', legal, deadline), undefined);
  });

  test('by its deadline', () => {
    const queued = Array.from({ length: 12 }, (_, client) =>
      Array.from({ length: 8 }, (_, nth): Told => {
        const at = 10 * nth + client / 100;
        return nth % 2
          ? ['take', null, (client * 7 + nth * 5) % 50, at, at + 9]
          : ['put', client, null, at, at + 9];
      }),
    );
    const before = performance.now();
    counterexampleOf(sampleOf('queue'), '', historyOf(...queued), before + 300);
    const took = performance.now() - before;
    assert.ok(took < 2000, `${took} ms`);
  });

  test('what no JSON can say', () => {
    const declared = torture({
      name: 'odd values',
      store: { create: () => null, open: () => null },
      model: { init: new Map([[0n, 0]]) },
      ops: (op) => ({
        put: op({
          in: () => 0n,
          run: () => new Map<bigint, number>(),
          spec: (state, key, found) =>
            found.size === state.size && new Map(state).set(key, Number(key)),
        }),
      }),
    });
    const size = (count: number) =>
      new Map(Array.from({ length: count }, (_, n) => [BigInt(n), n]));
    const operations = historyOf(
      [['put', 1n, size(1), 0, 1]],
      [['put', 2n, size(2), 2, 3]],
      [['put', 3n, size(2), 4, 5]],
    );
    assert.equal(told(declared, operations).outputs.length, 2);
  });
});

function partitionOf(input: unknown): string {
  return input === 2 ? 'b' : 'a';
}
