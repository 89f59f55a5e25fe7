import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownRemaining } from './shown.ts';

test('what is shown first is what is so', () => {
  assert.equal(new ShownRemaining().show(1, 60_000, 0), 60_000);
});

test('it falls at once', () => {
  const shown = new ShownRemaining();
  shown.show(1, 60_000, 0);
  assert.equal(shown.show(1, 5000, 100), 5000);
});

test('it rises by a tenth a second at most, until it is what is so', () => {
  const shown = new ShownRemaining();
  shown.show(1, 60_000, 0);
  assert.equal(shown.show(1, 90_000, 1000), 66_000);
  assert.equal(shown.show(1, 67_000, 2000), 67_000);
});

test('it leaves 0', () => {
  const shown = new ShownRemaining();
  shown.show(1, 0, 0);
  assert.equal(shown.show(1, 60_000, 1000), 1000);
  for (let second = 2; second < 60; second += 1) shown.show(1, 60_000, second * 1000);
  assert.equal(shown.show(1, 60_000, 60_000), 60_000);
});

test('it does not rise when time stands still, or goes back', () => {
  const shown = new ShownRemaining();
  shown.show(1, 60_000, 1000);
  assert.equal(shown.show(1, 90_000, 1000), 60_000);
  assert.equal(shown.show(1, 90_000, 0), 60_000);
});

test('what was unknown, or is forgotten, begins anew, and each task has its own', () => {
  const shown = new ShownRemaining();
  shown.show(1, 10_000, 0);
  assert.equal(shown.show(1, null, 100), null);
  assert.equal(shown.show(1, 90_000, 200), 90_000);
  assert.equal(shown.show(2, 500_000, 200), 500_000);
  shown.forget(1);
  assert.equal(shown.show(1, 300_000, 300), 300_000);
});
