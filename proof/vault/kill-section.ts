import { runKillLanes } from '../kill-lanes.ts';
import type { KillReport } from '../kill-loop.ts';
import type { Section } from '../section.ts';
import { sumOf } from '../tally.ts';
import { ROLES, type Role } from './claims.ts';
import { vaultScene } from './kill-scene.ts';

/** At least so many of each role's kills must hit it in one of its own operations. */
const INSIDE = 0.3;

/** `rounds` kills of those who store and rotate, and two fifths of that of the others. */
export async function vaultKills(
  rounds: number,
  seed: number,
  note: (line: string) => void,
): Promise<Section> {
  const some = Math.ceil(0.4 * rounds);
  const kills = { store: rounds, rotate: rounds, password: some, restore: some, cleanup: some };
  const report = await runKillLanes(vaultScene, { kills, seed, note });
  const isEnough = ROLES.every(
    (role) =>
      (report.roles[role]?.kills ?? 0) >= kills[role] && insideOf(report, role).share >= INSIDE,
  );
  return { ok: isEnough && report.violations.length === 0, text: textOf(report) };
}

function insideOf({ roles }: KillReport, role: Role) {
  const { kills = 0, inside = {} } = roles[role] ?? {};
  const own = inside[role] ?? 0;
  return { kills, own, share: own / Math.max(1, kills), other: sumOf(inside) - own };
}

const WHAT: Readonly<Record<Role, string>> = {
  store: 'create a key, set a secret',
  rotate: 'rotate a key of its own, or one of all',
  password: 'replace a way in (`slots.replace`)',
  restore: 'restore a backup that merges',
  cleanup: 'remove old versions',
};

function textOf(report: KillReport): string {
  const rows = ROLES.map((role) => {
    const { kills, own, share, other } = insideOf(report, role);
    const percent = `${own} (${(100 * share).toFixed(0)} %)`;
    return `| ${role} | ${WHAT[role]} | ${kills} | ${percent} | ${other} |`;
  });
  const { violations } = report;
  return [
    `Seed ${report.seed}. ${report.kills} kills of processes that work on one vault, alone or with others.`,
    '',
    '| role | does | kills | inside such an operation | inside its preparation |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `${report.acknowledged} operations had been acknowledged by the killed; each was there, byte for byte, right after the kill and when all were dead. ` +
      `Of those under way ${report.happened} had happened wholly, the others not at all. ` +
      `Each change had its event and each event its change, the log verified, each key had one active version, ` +
      `and of an old and a new way in one opened. Exceptions: ${violations.length === 0 ? 'none' : violations.length}. ` +
      `The next change after a kill took at most ${report.worstRecoveryMs.toFixed(0)} ms, opening included.`,
    ...violations.map((violation) => `- VIOLATION ${violation}`),
  ].join('\n');
}
