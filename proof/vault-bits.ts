import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carriedFile, FILE_KINDS } from '../test/vault/carried-files.ts';
import { makeSpecimen } from '../test/vault/damage.ts';
import type { DamageReport } from '../test/vault/damage-tally.ts';
import { runDamage } from '../test/vault/run-damage.ts';

/** What came of one file, damaged in every way. */
export interface BitsResult {
  readonly what: string;
  readonly report: DamageReport;
}

const VAULT = [
  ['vault, bits', 'database-bits'],
  ['vault, every length', 'database-cuts'],
  ['vault, pages in the place of others', 'database-pages'],
  ['log, bits', 'log-bits'],
  ['log, lengths', 'log-cuts'],
  ['lock file, bits', 'lock-bits'],
] as const;

/** Beyond what the key derivation takes. */
const MEMORY_MAX_MIB = 64;

/** Damages a vault and files for elsewhere at every place, and opens each. */
export async function runVaultBits(note: (line: string) => void): Promise<readonly BitsResult[]> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-bits-')));
  const results: BitsResult[] = [];
  const run = async (what: string, worker: string, how: string) => {
    const reports = await runDamage({ worker, home, kinds: [how], extent: 'all' });
    for (const report of reports.values()) {
      results.push({ what, report });
      note(rowOf({ what, report }).join(', '));
    }
  };
  try {
    await makeSpecimen(home);
    for (const kind of FILE_KINDS) writeFileSync(join(home, kind), await carriedFile(kind));
    for (const [what, how] of VAULT) await run(what, 'damage-worker.ts', how);
    for (const kind of FILE_KINDS) await run(kind, 'file-damage-worker.ts', kind);
    return results;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export function isHarmless({ report }: BitsResult): boolean {
  return report.wrong.length === 0 && report.worstMib < MEMORY_MAX_MIB;
}

export function bitsText(results: readonly BitsResult[]): string {
  const head = ['file', 'damaged', 'said the same', 'refused', 'else', 'memory at worst', 'with'];
  const rows = [head, head.map(() => '---'), ...results.map(rowOf)];
  return [
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    'Of the vault every bit of the first page, of the heads of pages and of the rows that lead to its keys, and one bit of every other byte; of each fourth that still opens it is written to, too. Of the log one bit of every third byte and every seventh length: what it says then is what the vault said at the end or earlier. Of files for elsewhere every bit and every length. Nothing of rust-keyvault’s formats but the keys is authenticated, so more of them say the same.',
    ...results.flatMap(({ what, report }) =>
      report.wrong.map((one) => `- VIOLATION ${what} ${one}`),
    ),
  ].join('\n');
}

function rowOf({ what, report }: BitsResult): string[] {
  const { tried, outcomes, wrong, worstMib } = report;
  const { same = 0, ...refused } = outcomes;
  const codes = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  const count = codes.reduce((sum, [, each]) => sum + each, 0);
  const how = codes.map(([code, each]) => `${code} ${each}`).join(', ');
  const memory = `${worstMib.toFixed(1)} MiB`;
  return [what, ...[tried, same, count, wrong.length].map(String), memory, how];
}
