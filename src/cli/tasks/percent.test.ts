import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { barText, percentText } from './percent.ts';

test('a fraction has two digits at most, and is n/a where nobody knows it', () => {
  const texts = [0, 1 / 3, 2 / 3, 0.5, 0.125, 0.29, 1, null].map((fraction) =>
    percentText(fraction),
  );
  assert.deepEqual(texts, ['0%', '33.33%', '66.67%', '50%', '12.5%', '29%', '100%', 'n/a']);
});

test('only what is complete is 100%', () => {
  assert.equal(percentText(0.999_999), '99.99%');
  assert.equal(percentText(1 - Number.EPSILON / 2), '99.99%');
  assert.equal(percentText(0.5, true), '50%');
  assert.equal(percentText(1, true), '100%+');
});

test('a bar has ten cells, filled as far as something is done', () => {
  assert.equal(barText(0), '[~~~~~~~~~~]');
  assert.equal(barText(0.099), '[~~~~~~~~~~]');
  assert.equal(barText(1 / 3), '[###~~~~~~~]');
  assert.equal(barText(0.999), '[#########~]');
  assert.equal(barText(1), '[##########]');
  assert.equal(barText(null), '[~~~~n/a~~~]');
});

test('every tenth fills a cell, however it was computed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 0, max: 10 }),
      (unit, tenths) => {
        assert.equal(
          barText((tenths * unit) / (10 * unit)).indexOf('~'),
          tenths === 10 ? -1 : tenths + 1,
        );
      },
    ),
  );
});
