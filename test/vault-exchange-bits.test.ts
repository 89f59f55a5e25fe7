import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { carriedFile, FILE_KINDS, type FileKind } from './vault/carried-files.ts';
import type { DamageReport } from './vault/damage-tally.ts';
import { runDamage } from './vault/run-damage.ts';

const WHAT: Readonly<Record<FileKind, string>> = {
  export: 'an export of ours',
  backup: 'a backup of ours',
  'rust-export': 'an export of rust-keyvault',
  'rust-backup': 'a backup of rust-keyvault',
  'rust-backup-gzip': 'a backup of rust-keyvault, compressed',
};

/** Beyond what the key derivation takes. */
const MEMORY_MAX_MIB = 64;

describe('with any bit turned, cut anywhere, or with a byte more,', () => {
  let home = '';
  let reports: ReadonlyMap<string, DamageReport>;

  before(async () => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-bits-')));
    for (const kind of FILE_KINDS) writeFileSync(join(home, kind), await carriedFile(kind));
    const worker = 'file-damage-worker.ts';
    reports = await runDamage({ worker, home, kinds: FILE_KINDS, extent: 'some' });
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  for (const kind of FILE_KINDS) {
    const isOurs = kind === 'export' || kind === 'backup';
    test(`${WHAT[kind]} is refused${isOurs ? '' : ', or has the same keys'}`, (t) => {
      const report = reports.get(kind);
      assert.ok(report);
      t.diagnostic(JSON.stringify({ ...report, wrong: report.wrong.length }));
      assert.deepEqual(report.wrong, []);
      assert.ok(report.worstMib < MEMORY_MAX_MIB, `${report.worstMib} MiB`);
      assert.ok(!isOurs || (report.outcomes.KDF_LIMITS ?? 0) > 0);
    });
  }
});
