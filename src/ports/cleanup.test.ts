import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqlite } from '../engine/sqlite.ts';
import { cleanRows } from './cleanup.ts';
import { Ledger } from './ledger.ts';
import type { Reservation } from './reservation.ts';
import { portsSchema } from './schema.ts';

test('a row that is no longer what was looked at is not pruned', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-cleanup-'));
  t.after(() => rmSync(dir, { recursive: true }));
  await using engine = await openSqlite({ file: join(dir, 'ports.db'), schema: portsSchema });
  const ledger = new Ledger();
  const names = ['same', 'used', 'moved', 'renamed', 'anew', 'released'];
  const rows = names.map(
    (name, index): Reservation => ({
      path: `/${name}`,
      tag: 'x',
      port: 5000 + index,
      project: undefined,
      task: undefined,
      createdAt: 1000,
      lastUsedAt: 1000,
    }),
  );
  const changes: Record<string, Partial<Reservation>> = {
    used: { lastUsedAt: 2000 },
    moved: { port: 6000 },
    renamed: { task: 't' },
  };
  await engine.write(function* () {
    for (const row of rows) yield* ledger.insert(row);
    for (const row of rows) {
      const change = changes[row.path.slice(1)];
      if (change) yield* ledger.update(row, { ...row, ...change });
      if (row.path === '/released' || row.path === '/anew') yield* ledger.remove(row);
      if (row.path === '/anew') yield* ledger.insert({ ...row, createdAt: 0 });
    }
  });
  const plan = { inspection: { missing: rows, warnings: [] }, expireBefore: undefined };
  const { pruned } = await engine.write(() => cleanRows(ledger, plan));
  assert.deepEqual(
    pruned.map(({ path }) => path),
    ['/same'],
  );
});
