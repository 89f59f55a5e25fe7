import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { counterexampleOf } from './counterexample.ts';
import { checkLinearizable } from './linearizable.ts';
import type { Operation } from './operation.ts';
import { canBe, historiesOf } from './relaxed-oracle.fixture.ts';
import { opaqueSample, type Sample, samples } from './samples.fixture.ts';

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
            assert.notEqual(verdict?.kind, 'illegal');
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
