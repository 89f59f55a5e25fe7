import type { Section } from '../section.ts';
import { canTrace } from '../system-calls.ts';
import { type FailingDiskReport, runFailingDisk } from './failing-disk.ts';
import { type FullDiskRow, runFullDisk } from './full-disk.ts';
import { changes } from './programs.ts';

/** A disk without room, then one on which `faults` calls of each kind of change fail. */
export async function vaultDisk(
  faults: number,
  seed: number,
  note: (line: string) => void,
): Promise<Section> {
  const full = await runFullDisk();
  const failing: FailingDiskReport[] = [];
  const available = await canTrace();
  if (available === true) {
    for (const change of Object.keys(changes)) {
      const report = await runFailingDisk(change, { seed, faults });
      failing.push(report);
      note(`${change}: ${report.met} of ${report.runs} faults met, ${codesOf(report.codes)}`);
    }
  }
  const violations = [
    ...('skipped' in full
      ? []
      : full.flatMap((row) => row.violations.map((one) => `${row.change}: ${one}`))),
    ...failing.flatMap((report) => report.violations),
  ];
  const text = [
    ...('skipped' in full ? [`Skipped: ${full.skipped}.`] : fullText(full)),
    '',
    ...(available === true ? failingText(failing, seed) : [`Skipped: ${available}.`]),
    ...violations.map((violation) => `- VIOLATION ${violation}`),
  ].join('\n');
  return { ok: violations.length === 0, text };
}

function fullText(rows: readonly FullDiskRow[]): string[] {
  return [
    'On a disk of 4 MiB that is full, then with 4 KiB of room, then 8, until it is done:',
    '',
    '| change | refused with | done with |',
    '|---|---|---|',
    ...rows.map(({ change, refused, roomKib }) => {
      return `| ${change} | ${codesOf(refused)} | ${roomKib} KiB |`;
    }),
    '',
    'After each refusal the vault was as before, without an event, and was read by who had it open; the log verified. With room it went on.',
  ];
}

function failingText(reports: readonly FailingDiskReport[], seed: number): string[] {
  return [
    `Seed ${seed}. Where system calls fail: one fsync, write or truncation (EIO), all from one on (EIO, ENOSPC), a limit on the size of files in the midst of a write, or the process is killed right at it. Each in a run of its own:`,
    '',
    '| change | faults | met | first failure | what was in doubt had happened |',
    '|---|---|---|---|---|',
    ...reports.map(({ change, runs, met, codes, happened }) => {
      return `| ${change} | ${runs} | ${met} | ${codesOf(codes)} | ${happened} |`;
    }),
    '',
    'Afterwards the vault opened, what was acknowledged was there, what had failed with another code than COMMIT_UNKNOWN was not, and the log verified.',
  ];
}

function codesOf(codes: Readonly<Record<string, number>>): string {
  const told = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
  return told.join(', ') || 'nothing';
}
