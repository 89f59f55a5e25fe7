import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../declare/random.ts';
import { drawNumbers, shareOut, shuffled } from './sample.ts';

describe('sampling', () => {
  test('everything is shared out, to nobody more than wanted, and evenly among the rest', () => {
    const wants = fc.array(fc.nat(1000), { maxLength: 12 });
    fc.assert(
      fc.property(fc.nat(5000), wants, fc.string(), (total, all, seed) => {
        const shares = shareOut(total, all, new Random(seed));
        const sum = (numbers: readonly number[]) => numbers.reduce((one, two) => one + two, 0);
        assert.equal(sum(shares), Math.min(total, sum(all)));
        const unmet = shares.filter((share, index) => share < (all[index] ?? 0));
        for (const [index, share] of shares.entries()) {
          assert.ok(share <= (all[index] ?? 0));
          // Nobody has more than one above anybody who wanted more.
          for (const other of unmet) assert.ok(share <= other + 1, `${shares} of ${all}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('numbers are drawn from the whole range, none twice', () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 200; seed += 1) {
      const drawn = drawNumbers(5, 20, new Random(`${seed}`));
      assert.equal(drawn.size, 5);
      for (const number of drawn) seen.add(number);
    }
    assert.equal(seen.size, 20);
    assert.deepEqual([...drawNumbers(7, 7, new Random('x'))].sort(), [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(drawNumbers(0, 9, new Random('x')).size, 0);
  });

  test('a shuffled list has every order, and leaves its source alone', () => {
    const source = [1, 2, 3];
    const orders = new Set(
      Array.from({ length: 200 }, (_, seed) => shuffled(source, new Random(`${seed}`)).join('')),
    );
    assert.equal(orders.size, 6);
    assert.deepEqual(source, [1, 2, 3]);
  });
});
