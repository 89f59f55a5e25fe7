import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { LeakReport } from '../report/report.ts';
import { leakCycles } from './cycle.ts';
import { LEAK_CYCLES_MIN } from './rule.ts';

const CYCLES = LEAK_CYCLES_MIN;

/** Leak cycles of one run of `cycles.fixture.ts`, in a process and a directory of their own. */
async function found(run: string): Promise<readonly LeakReport[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-leaks-'));
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const child = fork(join(import.meta.dirname, 'cycles.fixture.ts'), [run, dir, `${CYCLES}`, '1'], {
    env,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const closed = once(child, 'close');
  const [reports] = await Promise.race([
    once(child, 'message'),
    closed.then(() => assert.fail(`'${run}' died`)),
  ]);
  await closed;
  rmSync(dir, { recursive: true });
  return reports;
}

const leaksOf = (reports: readonly LeakReport[]) =>
  reports.filter(({ isLeak }) => isLeak).map(({ what }) => what);

const isLinux = existsSync('/proc/self/stat');

describe('leak cycles', { concurrency: 2 }, () => {
  const leaks: readonly [run: string, what: LeakReport['what'], name: RegExp | undefined][] = [
    ['file left open', 'descriptors', /data \(16 times\)$/],
    ['file handle left to the collector', 'descriptors', /data \(16 times\)$/],
    ['temporary file left', 'files', /data\.tmp-#-# \(16 times\)$/],
    ['temporary file left in every other cycle', 'files', /part/],
    ['child left', 'children', /^sleep \(16 times\)$/],
    ['array that grows', 'memory', undefined],
    ['database of an addon that is kept', 'memory', /^outside the heap/],
    ['timer that is never cleared', 'memory', /^Timeout \(320 times\)$/],
  ];
  for (const [run, what, name] of leaks) {
    const skip = !isLinux && (what === 'descriptors' || what === 'children');
    test(`${run}: told as growth of ${what}, with a name`, { skip }, async () => {
      const reports = await found(run);
      const report = reports.find((one) => one.what === what);
      assert.ok(report?.isLeak, JSON.stringify(reports));
      if (name) assert.match(report.names[0] ?? '', name);
      assert.equal(report.samples.length, CYCLES);
      const others = leaksOf(reports).filter((one) => one !== what);
      // A child process that is left is an object that is left.
      assert.deepEqual(others, what === 'children' && others.length > 0 ? ['memory'] : []);
    });
  }

  const honest = ['files', 'database', 'child', 'sockets'];
  for (const run of honest) {
    test(`honest ${run}: nothing leaks`, async () => {
      const reports = await found(`honest ${run}`);
      assert.deepEqual(leaksOf(reports), [], JSON.stringify(reports));
    });
  }

  test('too few cycles are refused before anything is run', async () => {
    const run = () => assert.fail('was run');
    await assert.rejects(leakCycles(run, { cycles: 15, warmUp: 0, dirs: [] }), RangeError);
  });
});
