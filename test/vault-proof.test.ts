import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runKillLanes } from '../proof/kill-lanes.ts';
import { runKillLoop } from '../proof/kill-loop.ts';
import { sumOf } from '../proof/tally.ts';
import { ROLES } from '../proof/vault/claims.ts';
import { vaultScene } from '../proof/vault/kill-scene.ts';

const KILLS = 14;

test('after kill -9 a vault is as before or as after what was under way, and as its log says', async (t) => {
  const kills = Object.fromEntries(ROLES.map((role) => [role, KILLS]));
  const report = await runKillLanes(vaultScene, { kills, seed: Date.now() % 2 ** 31 });
  t.diagnostic(`seed ${report.seed}, ${report.inside} of ${report.kills} inside`);
  assert.deepEqual(report.violations, []);
  for (const role of ROLES) assert.ok(sumOf(report.roles[role]?.inside ?? {}) >= 0.3 * KILLS);
});

for (const [fault, what] of [
  ['early', 'acknowledges before a change has been made'],
  ['split', 'makes two transactions of a rotation'],
] as const) {
  test(`the kill loop of the vault catches a process that ${what}`, async () => {
    const options = { kills: { rotate: 20 }, seed: 3, fault };
    const { violations } = await runKillLoop(vaultScene, options);
    assert.ok(violations.length > 0);
  });
}
