import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCliKills } from '../proof/cli-kills.ts';
import { runKillLoop } from '../proof/kill-loop.ts';

test('after kill -9 every acknowledged write is there and nothing is half-done', async (t) => {
  const report = await runKillLoop({ rounds: 24, seed: Date.now() % 2 ** 31 });
  t.diagnostic(`seed ${report.seed}, ${report.insideTotal} of ${report.rounds} inside`);
  assert.deepEqual(report.violations, []);
  assert.ok(report.insideTotal >= 0.3 * report.rounds);
});

test('the kill loop catches a process that acknowledges before its write has resolved', async () => {
  const { violations } = await runKillLoop({ rounds: 100, seed: 8, early: true });
  assert.ok(violations.length > 0);
});

test('whatever port a killed command line has printed is in the file', async () => {
  const { violations } = await runCliKills(6, 1);
  assert.deepEqual(violations, []);
});
