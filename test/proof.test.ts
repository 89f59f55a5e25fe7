import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runKillLoop } from '../proof/kill-loop.ts';
import { runCliKills } from '../proof/ports/cli-kills.ts';
import { portsScene } from '../proof/ports/kill-scene.ts';

test('after kill -9 every acknowledged write is there and nothing is half-done', async (t) => {
  const report = await runKillLoop(portsScene, {
    ...{ kills: { ports: 24 }, seed: Date.now() % 2 ** 31 },
  });
  t.diagnostic(`seed ${report.seed}, ${report.inside} of ${report.kills} inside`);
  assert.deepEqual(report.violations, []);
  assert.ok(report.inside >= 0.3 * report.kills);
});

test('the kill loop catches a process that acknowledges before its write has resolved', async () => {
  const { violations } = await runKillLoop(portsScene, {
    ...{ kills: { ports: 100 }, seed: 8, fault: 'early' },
  });
  assert.ok(violations.length > 0);
});

test('whatever port a killed command line has printed is in the file', async () => {
  const { violations } = await runCliKills(6, 1);
  assert.deepEqual(violations, []);
});
