import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const bin = join(import.meta.dirname, '../bin/holdfast.js');
const counters = join(import.meta.dirname, 'torture/counters.ts');

// Where it shows its progress.
const HOLDFAST_DIR = mkdtempSync(join(tmpdir(), 'holdfast-run-test-'));
after(() => rmSync(HOLDFAST_DIR, { recursive: true, force: true }));

function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...rest } = process.env;
  const env = { ...rest, HOLDFAST_DIR };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, 'torture', 'run', ...args], { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

describe('holdfast torture run', () => {
  test('runs a declaration in threads and in processes, and says how to run it again', async () => {
    const { code, out } = await run(
      counters,
      '--name',
      'sound counter',
      '--operations',
      '100',
      '--clients',
      '3',
      '--seed',
      's1',
      '--mode',
      'both',
    );
    assert.equal(code, 0, out);
    assert.match(out, /threads .* ok\n.*processes .* ok\n/);
    assert.match(
      out,
      /torture run \S+ --name 'sound counter' --mode both --clients 3 --operations 100 --seed s1/,
    );
  });

  test('exits 1 for a store that loses updates', async () => {
    const { code, out } = await run(
      counters,
      '--name',
      'lossy counter',
      '--mode',
      'threads',
      '--clients',
      '3',
    );
    assert.equal(code, 1, out);
    assert.match(out, /does not follow/);
  });

  test('exits 2 where there is no module', async () => {
    const { code, err } = await run('nowhere.ts');
    assert.deepEqual([code, /there is no module/.test(err)], [2, true]);
  });
});
