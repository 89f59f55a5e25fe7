import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Persistence } from './persistence.ts';
import { numbersFrom } from './traces.fixture.ts';

const STRETCH_MS = 15_000;

function persistenceOf(paces: readonly number[]): number {
  const persistence = new Persistence();
  for (const amount of paces) persistence.add({ amount, ms: STRETCH_MS });
  return persistence.value;
}

const repeat = (count: number, pace: (at: number) => number) =>
  Array.from({ length: count }, (_, at) => pace(at));

test('a pace that has changed for good persists', () => {
  assert.ok(persistenceOf([...repeat(20, () => 100), ...repeat(20, () => 200)]) > 0.7);
});

test('a pace that goes up and down at random does not', () => {
  const random = numbersFrom(1);
  assert.ok(persistenceOf(repeat(200, () => 50 + 100 * random())) < 0.15);
});

test('a pace that comes and goes does not, even if it stays for a while', () => {
  assert.equal(persistenceOf(repeat(60, (at) => (at % 2 === 0 ? 100 : 200))), 0);
  assert.ok(persistenceOf(repeat(60, (at) => (at % 4 < 2 ? 100 : 200))) < 0.15);
});

test('nothing is known of few stretches, and of an even pace', () => {
  assert.equal(persistenceOf([]), 0);
  assert.ok(persistenceOf([100, 200, 200]) < 0.3);
  assert.equal(persistenceOf(repeat(30, () => 100)), 0);
});

test('short spans make one stretch together', () => {
  const persistence = new Persistence();
  for (let at = 0; at < 6000; at += 1) {
    persistence.add({ amount: at < 3000 ? 1 : 2, ms: 100 });
  }
  assert.ok(persistence.value > 0.7);
});
