import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PortRange } from '../reservation.ts';
import { compactRanges, formatExclusion, parseExclusion } from './exclusions.ts';

const port = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 65_535 }));
const range: fc.Arbitrary<PortRange> = fc
  .tuple(port, fc.nat(5))
  .map(([min, length]) => ({ min, max: Math.min(65_535, min + length) }));

function portsOf(ranges: readonly PortRange[]): number[] {
  const ports = ranges.flatMap(({ min, max }) =>
    Array.from({ length: max - min + 1 }, (_, index) => min + index),
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

describe('exclusions', () => {
  test('what is formatted is parsed to the same', () => {
    fc.assert(
      fc.property(range, (one) => assert.deepEqual(parseExclusion(formatExclusion(one)), one)),
    );
  });

  test('text that is neither a port nor a range is refused in words', () => {
    for (const text of [
      '',
      'nope',
      '0',
      '65536',
      '-1',
      '1.5',
      '0x50',
      '1e3',
      '80..',
      '..80',
      '1...2',
    ]) {
      assert.throws(() => parseExclusion(text), { name: 'RangeError', message: /^Invalid port/ });
    }
    assert.throws(() => parseExclusion('90..80'), { message: /^Invalid port range/ });
  });

  test('compacting keeps exactly the ports, in ascending ranges with gaps between them', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
        const compact = compactRanges(ranges);
        assert.deepEqual(portsOf(compact), portsOf(ranges));
        for (const [index, { min }] of compact.entries()) {
          const before = compact[index - 1];
          assert.ok(before === undefined || before.max + 1 < min);
        }
        assert.deepEqual(compactRanges(compact), compact);
      }),
    );
  });
});
