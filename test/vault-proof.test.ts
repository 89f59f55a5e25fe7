import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runKillLanes } from '../proof/kill-lanes.ts';
import { runKillLoop } from '../proof/kill-loop.ts';
import { canTrace } from '../proof/system-calls.ts';
import { sumOf } from '../proof/tally.ts';
import { ROLES } from '../proof/vault/claims.ts';
import { runFailingDisk } from '../proof/vault/failing-disk.ts';
import { runFullDisk } from '../proof/vault/full-disk.ts';
import { vaultScene } from '../proof/vault/kill-scene.ts';
import { runPowerLoss } from '../proof/vault/power-loss.ts';
import { changes } from '../proof/vault/programs.ts';

/** Of each role. `npm run proof` has the full counts. */
const KILLS = 8;
const seed = Date.now() % 2 ** 31;
const strace = await canTrace();
const skip = strace === true ? false : strace;

test('after kill -9 a vault is as before or as after what was under way, and as its log says', async (t) => {
  const kills = Object.fromEntries(ROLES.map((role) => [role, KILLS]));
  const report = await runKillLanes(vaultScene, { kills, seed });
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

test('after a loss of power what was acknowledged is there, and the rest wholly or not at all', {
  skip,
}, async (t) => {
  const role = ROLES[seed % ROLES.length] ?? 'store';
  const report = await runPowerLoss(role, { seed, moments: 16, disks: 3 });
  t.diagnostic(`${role}, seed ${seed}, ${report.disks} disks, ${report.happened} with the change`);
  assert.deepEqual(report.violations, []);
});

test('a loss of power shows a vault that acknowledges what is not synced', { skip }, async () => {
  const options = { seed: 1, moments: 12, disks: 3, fault: 'unsynced' };
  const { violations } = await runPowerLoss('rotate', options);
  assert.ok(violations.length > 0);
});

test('on a full disk each change is made wholly or refused, and room brings it back', async (t) => {
  const rows = await runFullDisk();
  if ('skipped' in rows) return t.skip(rows.skipped);
  for (const { change, refused, violations } of rows) {
    assert.deepEqual(violations, [], change);
    assert.ok(Object.keys(refused).length > 0, `${change} was never refused`);
  }
});

test('where a system call fails, what was acknowledged stays, and the rest is as it was told', {
  skip,
}, async (t) => {
  const names = Object.keys(changes);
  const change = names[seed % names.length] ?? '';
  const report = await runFailingDisk(change, { seed, faults: 7 });
  t.diagnostic(`${change}, seed ${seed}, ${report.met} of ${report.runs} faults met`);
  assert.deepEqual(report.violations, []);
  assert.ok(report.met > 0);
});
