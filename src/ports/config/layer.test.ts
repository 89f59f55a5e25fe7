import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ConfigLayer, mergeLayers } from './layer.ts';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const number = maybe(fc.integer({ min: 1, max: 9 }));
const flag = maybe(fc.boolean());

const layer: fc.Arbitrary<ConfigLayer> = fc.record(
  {
    project: maybe(fc.constantFrom('a', 'b')),
    min: number,
    max: number,
    maxOffset: number,
    excluded: maybe(fc.array(fc.constant({ min: 1, max: 2 }), { maxLength: 2 })),
    occupancy: maybe(fc.record({ skip: flag, skipTcp: flag }, { requiredKeys: [] })),
    reservations: fc.constantFrom(undefined, null, { services: { web: {} } }),
    allowChange: flag,
    lockWaitSeconds: number,
  },
  { requiredKeys: [] },
);

/** Without what says nothing. */
function said(value: ConfigLayer): unknown {
  return JSON.parse(JSON.stringify({ excluded: [], occupancy: {}, ...value }));
}

describe('layers', () => {
  test('it does not matter which neighbours are merged first', () => {
    fc.assert(
      fc.property(layer, layer, layer, (a, b, c) => {
        const left = mergeLayers(mergeLayers(a, b), c);
        assert.deepEqual(said(left), said(mergeLayers(a, mergeLayers(b, c))));
      }),
    );
  });

  test('an empty layer changes nothing, above or below', () => {
    fc.assert(
      fc.property(layer, (one) => {
        const plain = mergeLayers({}, one);
        assert.deepEqual(said(mergeLayers(plain, {})), said(plain));
        assert.deepEqual(said(mergeLayers({}, plain)), said(plain));
      }),
    );
  });

  test('each setting is the topmost that was made, exclusions add up', () => {
    fc.assert(
      fc.property(layer, layer, (lower, upper) => {
        const merged = mergeLayers(lower, upper);
        assert.equal(merged.min, upper.min ?? lower.min);
        assert.equal(merged.project, upper.project ?? lower.project);
        assert.equal(merged.occupancy?.skip, upper.occupancy?.skip ?? lower.occupancy?.skip);
        const group = upper.reservations === undefined ? lower : upper;
        assert.equal(merged.reservations, group.reservations);
        const count = (lower.excluded?.length ?? 0) + (upper.excluded?.length ?? 0);
        assert.equal(merged.excluded?.length, count);
      }),
    );
  });

  test('a new max replaces an old max_offset, and the other way round', () => {
    const offset = mergeLayers({ min: 5, max: 9 }, { maxOffset: 2 });
    assert.deepEqual([offset.min, offset.max, offset.maxOffset], [5, undefined, 2]);
    const max = mergeLayers({ min: 5, maxOffset: 2 }, { max: 9 });
    assert.deepEqual([max.min, max.max, max.maxOffset], [5, 9, undefined]);
  });
});
