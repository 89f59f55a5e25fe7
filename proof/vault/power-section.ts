import type { Section } from '../section.ts';
import { canTrace } from '../system-calls.ts';
import { ROLES } from './claims.ts';
import { runPowerLoss } from './power-loss.ts';

/** Disks that each moment may leave, at most. */
const DISKS = 8;

/** Loses the power at `moments` moments of what each role does. */
export async function vaultPower(
  moments: number,
  seed: number,
  note: (line: string) => void,
): Promise<Section> {
  const available = await canTrace();
  if (available !== true) return { ok: true, text: `Skipped: ${available}.` };
  const rows: string[] = [];
  const violations: string[] = [];
  for (const role of ROLES) {
    const found = await runPowerLoss(role, { seed, moments, disks: DISKS });
    const { effects, disks, happened } = found;
    const cells = [role, effects, found.moments, disks, happened, found.violations.length];
    rows.push(`| ${cells.join(' | ')} |`);
    note(cells.join(', '));
    violations.push(...found.violations);
  }
  const text = [
    `Seed ${seed}. What one process did to files while it made a vault and changed it five times was recorded by strace; ` +
      'the power went at moments in between, and each time the vault was opened on disks as they may be found then: ' +
      'what was not synced is there, missing, or torn at any sector, each write and name by itself. ' +
      'The directory of the vault was there before.',
    '',
    '| role | effects on the disk | moments | disks | what was under way had happened | violations |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    'What had been acknowledged was there, byte for byte; what was under way had happened wholly or not at all, with its events; the log verified, and the next change was made.',
    ...violations.map((violation) => `- VIOLATION ${violation}`),
  ].join('\n');
  return { ok: violations.length === 0, text };
}
