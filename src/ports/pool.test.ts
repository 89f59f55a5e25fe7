import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addPort,
  emptyPortSet,
  hasPort,
  nextFree,
  overlaps,
  type PortSet,
  portSetOf,
  removePort,
} from './pool.ts';

const port = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 65_400, max: 65_535 }));

function setOf(ports: Iterable<number>): PortSet {
  const set = emptyPortSet();
  for (const one of ports) addPort(set, one);
  return set;
}

describe('the next free port', () => {
  test('is the lowest that is in neither set', () => {
    fc.assert(
      fc.property(
        fc.array(port, { maxLength: 400 }),
        fc.array(port, { maxLength: 100 }),
        port,
        port,
        fc.option(port, { nil: undefined }),
        (taken, excluded, from, max, own) => {
          const isBlocked = (one: number) =>
            (taken.includes(one) && one !== own) || excluded.includes(one);
          let expected: number | undefined = from;
          while (expected <= max && isBlocked(expected)) expected += 1;
          if (expected > max) expected = undefined;
          assert.equal(nextFree(setOf(taken), setOf(excluded), from, max, own), expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is found behind a range that is wholly taken', () => {
    const set = portSetOf([{ min: 5000, max: 7000 }]);
    assert.equal(nextFree(set, emptyPortSet(), 5000, 65_535, undefined), 7001);
    assert.equal(nextFree(set, emptyPortSet(), 5000, 7000, undefined), undefined);
    assert.equal(nextFree(set, emptyPortSet(), 5000, 7000, 6999), 6999);
    assert.equal(nextFree(set, emptyPortSet(), 5000, 7000, 5000), 5000);
  });
});

test('a set of ports holds what was added and not removed', () => {
  const set = setOf([1, 31, 32, 63, 65_535]);
  removePort(set, 32);
  const held = [1, 31, 32, 33, 63, 64, 65_535].filter((one) => hasPort(set, one));
  assert.deepEqual(held, [1, 31, 63, 65_535]);
  assert.ok(overlaps(set, { min: 60, max: 70 }));
  assert.ok(!overlaps(set, { min: 32, max: 62 }));
});

test('the set of the same ranges is made once', () => {
  const ranges = [{ min: 10, max: 12 }];
  assert.equal(portSetOf(ranges), portSetOf(ranges));
});
