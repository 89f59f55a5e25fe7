import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { damage, diskFull, fileLimit, kill, syscalls } from '../faults/fault.ts';
import { prefixed } from '../faults/launch-prefix.ts';
import { prepareConditions } from './conditions.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-conditions-'));
after(() => rmSync(root, { recursive: true }));

function place() {
  const own = mkdtempSync(join(root, 'case-'));
  return { dir: join(own, 'store'), rigDir: join(own, 'rig') };
}

const everyFsync = syscalls({
  calls: ['fsync'],
  action: { error: 'EIO' },
  when: { first: 2, step: 1 },
  paths: ['file'],
});

describe('conditions', () => {
  test('are none where no fault is one: the store is where it was to be', async () => {
    const { dir, rigDir } = place();
    const faults = [kill(), damage()];
    await using conditions = await prepareConditions(faults, { dir, rigDir, kind: 'processes' });
    assert.deepEqual(readdirSync(conditions.dir), []);
    assert.equal(conditions.dir, dir);
    assert.deepEqual(
      [conditions.launch, conditions.areHard, conditions.reports(3)],
      [[], false, []],
    );
  });

  test('of processes are not there for threads, and do not excuse them', async () => {
    const { dir, rigDir } = place();
    const faults = [fileLimit({ descriptors: 40 }), everyFsync];
    await using conditions = await prepareConditions(faults, { dir, rigDir, kind: 'threads' });
    assert.deepEqual([conditions.launch, conditions.areHard], [[], false]);
    for (const { armed, hit, skipped } of conditions.reports(3)) {
      assert.deepEqual([armed, hit, skipped], [0, 0, 'it takes processes']);
    }
  });

  test('a small disk is full for the store, has room for the judge, and goes', async (t) => {
    const places = place();
    let dir = '';
    {
      const faults = [diskFull({ bytes: 16_384 })];
      await using conditions = await prepareConditions(faults, { ...places, kind: 'threads' });
      const [report] = conditions.reports(2);
      if (report?.skipped !== undefined) return t.skip(report.skipped);
      dir = conditions.dir;
      const file = join(dir, 'file');
      assert.throws(() => writeFileSync(file, Buffer.alloc(20_000)), { code: 'ENOSPC' });
      await conditions.relax();
      writeFileSync(file, Buffer.alloc(20_000));
      assert.equal(statSync(file).size, 20_000);
      assert.equal(conditions.areHard, true);
      assert.deepEqual(report, { ...report, armed: 1, hit: 2 });
    }
    assert.ok(dir !== places.dir && !existsSync(dir));
  });

  test('traced calls of several processes are counted, all of them', async (t) => {
    const places = place();
    await using conditions = await prepareConditions([everyFsync], {
      ...places,
      kind: 'processes',
    });
    const [report] = conditions.reports(0);
    if (report?.skipped !== undefined) return t.skip(report.skipped);
    const program = `
      const { fsyncSync, openSync } = require('node:fs');
      const file = openSync(process.argv[1], 'w');
      let failed = 0;
      for (let count = 0; count < 40; count += 1) try { fsyncSync(file); } catch { failed += 1; }
      process.exitCode = failed;`;
    const args = ['-e', program, join(conditions.dir, 'file')];
    const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
    const launched = prefixed(conditions.launch, process.execPath, args);
    const children = [1, 2, 3].map(() =>
      spawn(launched.command, launched.args, { env: { ...env, ...launched.env } }),
    );
    const statuses = await Promise.all(children.map((child) => once(child, 'close')));
    assert.deepEqual(statuses, [
      [39, null],
      [39, null],
      [39, null],
    ]);
    assert.deepEqual(conditions.reports(0), [{ ...report, hit: 3 * 39 }]);
  });

  test('of several kinds come together', async (t) => {
    const places = place();
    const faults = [fileLimit({ descriptors: 40 }), everyFsync];
    await using conditions = await prepareConditions(faults, { ...places, kind: 'processes' });
    const reports = conditions.reports(7);
    assert.deepEqual(
      reports.map(({ fault }) => fault),
      ['file-limit', 'syscalls'],
    );
    const skipped = reports.find((one) => one.skipped !== undefined)?.skipped;
    if (skipped !== undefined) return t.skip(skipped);
    assert.equal(conditions.launch.length, 2);
    assert.deepEqual(
      reports.map(({ hit }) => hit),
      [7, 0],
    );
  });
});
