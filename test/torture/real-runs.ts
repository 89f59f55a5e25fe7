import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultReport } from '../../src/torture/report/report.ts';
import {
  type AnyDeclared,
  type DeclarationOptions,
  PoolSet,
  type Report,
  type RunReport,
  runTorture,
} from '../../src/torture.ts';

/** Of a test of real runs, on a machine that is busy. */
export const LIMIT = { timeout: 120_000 } as const;

/** What needs to see workers from outside says nothing elsewhere. */
export const LINUX = { ...LIMIT, skip: !existsSync('/proc/self/stat') && 'it takes /proc' };

/** Of one run, and of what a test waits for itself. */
const LIMIT_MS = 60_000;

/** What is a matter of luck is tried so often; that it fails half the times is then no excuse. */
const TRIES_MAX = 25;

// Whatever runs leave in the temporary directory is found there.
export const temp = mkdtempSync(join(tmpdir(), 'holdfast-real-runs-'));
process.env.TMPDIR = temp;

export const pools = new PoolSet({ workers: 4, processes: 3 });
after(async () => {
  await pools[Symbol.asyncDispose]();
  try {
    await until(() => childrenOf(process.pid).length === 0);
    assert.deepEqual(leftInTemp(), []);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
});

/** Ends with the test. */
export async function reportOf(
  { signal }: TestContext,
  declared: AnyDeclared,
  options: DeclarationOptions,
): Promise<Report> {
  return runTorture(declared, { pools, limitMs: LIMIT_MS, signal, ...options });
}

export async function runOf(
  t: TestContext,
  declared: AnyDeclared,
  options: DeclarationOptions,
): Promise<RunReport> {
  const { runs } = await reportOf(t, declared, options);
  const [run, ...others] = runs;
  assert.ok(run && others.length === 0);
  return run;
}

/** Whom a fault meets is a matter of luck: runs with one seed after the other until something is so. */
export async function runUntil(
  t: TestContext,
  declared: AnyDeclared,
  options: DeclarationOptions,
  isSo: (run: RunReport) => boolean,
): Promise<RunReport> {
  for (let seed = 1; ; seed += 1) {
    const run = await runOf(t, declared, { seed: `${seed}`, ...options });
    if (isSo(run)) return run;
    assert.ok(seed < TRIES_MAX, complaints(run));
  }
}

export function faultOf(run: RunReport, fault: string): FaultReport {
  const found = run.faults.find((one) => one.fault === fault);
  assert.ok(found, JSON.stringify(run.faults));
  return found;
}

/** What was broken, each once. */
export function broken(run: RunReport): readonly string[] {
  return [...new Set(run.violations.map(({ invariant }) => invariant))];
}

export function complaints(run: RunReport): string {
  const faults = run.faults.map(({ windows, ...rest }) => rest);
  const messages = run.violations.map(({ message }) => message);
  return JSON.stringify([run.verdict, run.reason, messages, faults]).slice(0, 3000);
}

/** Processes that threads of this one have started and that have not ended, where that can be seen. */
export function childrenOf(pid: number): readonly number[] {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => {
    const file = `/proc/${pid}/task/${thread}/children`;
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  });
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number)).toSorted();
}

export function leftInTemp(): readonly string[] {
  return readdirSync(temp).filter((name) => name.startsWith('holdfast-'));
}

/** Waits until something is so, and gives up long after it should be. */
export async function until(isSo: () => boolean): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!isSo()) {
    assert.ok(performance.now() < endsAt, `never: ${isSo}`);
    await pause(2);
  }
}
