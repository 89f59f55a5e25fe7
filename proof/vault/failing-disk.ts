import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/torture/declare/random.ts';
import type { Injection } from '../../src/torture/faults/injection.ts';
import { type LaunchPrefix, prefixed } from '../../src/torture/faults/launch-prefix.ts';
import { limitLaunch } from '../../src/torture/faults/limits.ts';
import { straceLaunch } from '../../src/torture/faults/strace.ts';
import { straceHits } from '../../src/torture/faults/strace-log.ts';
import { Vault } from '../../src/vault.ts';
import { readLastWords } from '../journal.ts';
import { record, type SystemCall } from '../system-calls.ts';
import type { VaultEntry } from './claims.ts';
import { inspectVault } from './inspection.ts';

/** What is done to a process that changes a vault. */
export type DiskFault =
  | { readonly kind: 'call'; readonly injection: Injection }
  /** Every file ends there: a write across that is cut, the next ones fail (EFBIG). */
  | { readonly kind: 'limit'; readonly fileBytes: number };

export interface FailingDiskOptions {
  readonly seed: number;
  /** How many faults of all that there are, each in a run of its own. */
  readonly faults: number;
}

export interface FailingDiskReport {
  readonly change: string;
  readonly runs: number;
  /** Runs in which the fault was met. */
  readonly met: number;
  /** What failed first, by its code; or that the process was `killed`, or nothing failed. */
  readonly codes: Readonly<Record<string, number>>;
  readonly happened: number;
  readonly violations: readonly string[];
}

/**
 * Lets one system call of a process fail, or all from one on, or kills the process at it, while it
 * makes a change of that kind. Needs strace.
 */
export async function runFailingDisk(
  change: string,
  { seed, faults }: FailingDiskOptions,
): Promise<FailingDiskReport> {
  const random = new Random(`${seed} ${change}`);
  const workerSeed = String(random.int(2 ** 32));
  const chosen = sampleOf(await faultsOf(change, workerSeed), faults, random);
  const codes: Record<string, number> = {};
  const counts = { runs: 0, met: 0, happened: 0 };
  const violations: string[] = [];
  for (const fault of chosen) {
    const run = await runWith(fault, change, workerSeed);
    counts.runs += 1;
    counts.met += run.isMet ? 1 : 0;
    counts.happened += run.happened;
    codes[run.code] = (codes[run.code] ?? 0) + 1;
    const what = `${change}, seed ${seed}, ${JSON.stringify(fault)}`;
    violations.push(...run.violations.map((text) => `${what}: ${text}`));
  }
  return { change, ...counts, codes, violations };
}

interface Site {
  readonly root: string;
  readonly dir: string;
  readonly journal: string;
  readonly args: readonly string[];
}

function newSite(change: string, seed: string): Site {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-fault-')));
  const [dir, home, journal] = [join(root, 'data'), join(root, 'room'), join(root, 'journal')];
  mkdirSync(home);
  const worker = join(import.meta.dirname, 'fault-worker.ts');
  return { root, dir, journal, args: [worker, dir, home, journal, seed, change] };
}

/** All that can be done to the process, from its first change on. */
async function faultsOf(change: string, seed: string): Promise<readonly DiskFault[]> {
  const { root, dir, journal, args } = newSite(change, seed);
  try {
    const calls = countCalls(await record(args, join(root, 'log')));
    const first = calls.findIndex(
      ({ name, path, data }) => name === 'write' && path === journal && isChange(data),
    );
    const [before, after] = [calls.slice(0, first), calls.slice(first)];
    // A limit is for all files of the process: also for those of the vault that backups are made of.
    const others = before.filter(({ path }) => !path.startsWith(dir)).map(endOf);
    const limitFrom = Math.max(0, ...others);
    return after
      .filter(({ thread, path }) => thread === calls[0]?.thread && path.startsWith(dir))
      .flatMap((call) => [...callFaults(call), ...limitFaults(call, limitFrom)]);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Where in its file a write ends; 0 for other calls. */
function endOf({ name, args, result }: SystemCall): number {
  return name === 'pwrite64' ? Number(args.at(-1)) + result : 0;
}

function isChange(line: Buffer): boolean {
  const { event, kind } = JSON.parse(line.toString()) as VaultEntry;
  return event === 'begin' && kind !== 'open' && kind !== 'prepare';
}

interface CountedCall extends SystemCall {
  /** Which call of that name it is in its thread, from 1. */
  readonly nth: number;
}

function countCalls(all: readonly SystemCall[]): readonly CountedCall[] {
  const counts = new Map<string, number>();
  return all.map((call) => {
    const key = `${call.thread} ${call.name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return { ...call, nth };
  });
}

/** Calls that never fail in vain, so that their numbers are those of strace. */
const SYNCS = ['fsync', 'fdatasync'];
const WRITES = ['pwrite64', 'ftruncate'];

function callFaults({ name, nth }: CountedCall): readonly DiskFault[] {
  const at = (action: Injection['action'], step?: number): DiskFault => {
    return { kind: 'call', injection: { calls: [name], action, when: { first: nth, step } } };
  };
  const kill = at({ signal: 'SIGKILL' });
  if (SYNCS.includes(name)) return [at({ error: 'EIO' }), at({ error: 'EIO' }, 1), kill];
  if (!WRITES.includes(name)) return [];
  return [at({ error: 'EIO' }), at({ error: 'ENOSPC' }, 1), kill];
}

/** In the midst of a write to the log. */
function limitFaults(call: CountedCall, from: number): readonly DiskFault[] {
  if (!call.path.endsWith('-wal') || call.name !== 'pwrite64') return [];
  const fileBytes = endOf(call) - Math.floor(call.result / 2);
  return fileBytes > from ? [{ kind: 'limit', fileBytes }] : [];
}

/** Some of each sort, as far as there are. */
function sampleOf(
  faults: readonly DiskFault[],
  count: number,
  random: Random,
): readonly DiskFault[] {
  const sorts = Map.groupBy(faults, sortOf);
  const chosen: DiskFault[] = [];
  while (chosen.length < count && sorts.size > 0) {
    for (const [sort, left] of sorts) {
      chosen.push(...left.splice(random.int(left.length), 1));
      if (left.length === 0) sorts.delete(sort);
    }
  }
  return chosen.slice(0, count);
}

function sortOf(fault: DiskFault): string {
  if (fault.kind === 'limit') return fault.kind;
  const { calls, action, when } = fault.injection;
  return JSON.stringify([calls, action, when.step]);
}

interface Run {
  readonly isMet: boolean;
  readonly code: string;
  readonly happened: number;
  readonly violations: readonly string[];
}

async function runWith(fault: DiskFault, change: string, seed: string): Promise<Run> {
  const site = newSite(change, seed);
  const log = join(site.root, 'log');
  try {
    const { pid, status } = await launched(prefixOf(fault, log), site.args);
    const { entries, inside } = readLastWords<VaultEntry>(site.journal);
    const failed = entries.find(({ event }) => event === 'failed');
    const isHit = fault.kind === 'call' && (await straceHits(log, pid)).length > 0;
    const isMet = isHit || (fault.kind === 'limit' && failed !== undefined);
    const violations: string[] = [];
    for (const { event, code = '' } of entries) {
      if (event === 'failed' && !CODES.has(code)) violations.push(`it failed with ${code}`);
    }
    const isKilled = fault.kind === 'call' && 'signal' in fault.injection.action;
    if (inside && !isKilled) violations.push(`it ended within ${JSON.stringify(inside)}`);
    if (status !== 0 && !isKilled) violations.push(`it ended with ${status}`);
    const found = await inspect(site.dir, entries);
    violations.push(...found.violations);
    return {
      isMet,
      code: isKilled ? 'killed' : (failed?.code ?? 'none'),
      happened: found.happened,
      violations,
    };
  } finally {
    rmSync(site.root, { recursive: true });
  }
}

/** What may be said of a disk that does not do as it is told. */
const CODES = new Set(['IO_ERROR', 'DISK_FULL', 'COMMIT_UNKNOWN', 'CORRUPT']);

function prefixOf(fault: DiskFault, log: string): LaunchPrefix {
  if (fault.kind === 'call') return straceLaunch([fault.injection], log);
  const limit = limitLaunch({ fileBytes: fault.fileBytes });
  if ('skipped' in limit) throw new Error(limit.skipped);
  return limit;
}

async function launched(prefix: LaunchPrefix, args: readonly string[]) {
  const { command, args: all, env } = prefixed([prefix], process.execPath, args);
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...own } = process.env;
  const child = spawn(command, all, {
    env: { ...own, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'exit');
  return { pid: child.pid ?? 0, status };
}

async function inspect(dir: string, entries: readonly VaultEntry[]) {
  try {
    await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
    await vault.secrets.set('after', Buffer.from('a fault'));
    return await inspectVault(dir, vault, [{ room: 'room', entries }]);
  } catch (error) {
    return { violations: [String(error)], happened: 0 };
  }
}
