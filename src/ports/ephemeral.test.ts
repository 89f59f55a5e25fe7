import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ephemeralRange } from './ephemeral.ts';

test('the ephemeral range is told on Linux and unknown elsewhere', () => {
  const range = ephemeralRange();
  assert.equal(range !== undefined, process.platform === 'linux');
  if (range) assert.ok(0 < range.min && range.min < range.max && range.max < 65_536);
});
