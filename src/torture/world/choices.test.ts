import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../declare/random.ts';
import { allChoices, type Choose, someChoices } from './choices.ts';

/** Three ways to go on after 0, none after 1. */
const make = (choose: Choose) => (choose(2) === 0 ? `0${choose(3)}${choose(1)}` : '1');

test('everything that can be chosen comes once, the first ways first', () => {
  assert.deepEqual(allChoices(make, 4), ['000', '010', '020', '1']);
  assert.deepEqual(
    allChoices(() => 'nothing to choose', 1),
    ['nothing to choose'],
  );
});

test('more than the limit is not listed', () => {
  assert.equal(allChoices(make, 3), undefined);
});

test('some choices begin with the extremes and go by the seed', () => {
  const draw = () => someChoices(make, new Random('7')).take(10).toArray();
  assert.deepEqual(draw().slice(0, 2), ['000', '1']);
  assert.deepEqual(draw(), draw());
});
