import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/torture/declare/random.ts';
import { crashImages } from '../../src/torture/world/crash-states.ts';
import type { Disk } from '../../src/torture/world/disk.ts';
import { pathsOf } from '../../src/torture/world/tree.ts';
import { Vault } from '../../src/vault.ts';
import { type Recording, replay } from '../replay.ts';
import { record } from '../system-calls.ts';
import type { Role, VaultEntry } from './claims.ts';
import { inspectVault } from './inspection.ts';

export interface PowerLossOptions {
  readonly seed: number;
  /** Moments at which the power goes, of all that there are. */
  readonly moments: number;
  /** Disks that each may leave, at most. */
  readonly disks: number;
  /** A deliberate fault of the process. */
  readonly fault?: string | undefined;
}

export interface PowerLossReport {
  readonly role: Role;
  /** Writes, changes of names and syncs of the process. */
  readonly effects: number;
  readonly moments: number;
  readonly disks: number;
  /** Disks on which what was under way had happened. */
  readonly happened: number;
  readonly violations: readonly string[];
}

/** What one process does before it closes the vault. */
const OPERATIONS = 5;

/**
 * Records what a process does to files while it makes a vault and changes it, and opens the vault on
 * disks as they may be found when the power goes in the midst of that: what was not synced may be
 * missing or torn, in any order. What was acknowledged must be there. Needs strace.
 */
export async function runPowerLoss(
  role: Role,
  { seed, moments, disks, fault = '' }: PowerLossOptions,
): Promise<PowerLossReport> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-power-')));
  const random = new Random(`${seed} ${role}`);
  const violations: string[] = [];
  const counts = { moments: 0, disks: 0, happened: 0 };
  try {
    const recording = await recorded(role, root, random, fault);
    const { log, lines } = recording;
    for (const at of momentsOf(recording, moments, random)) {
      counts.moments += 1;
      const entries = entriesAt(lines, at);
      const options = {
        model: 'none',
        at,
        seed: String(random.int(2 ** 32)),
        limit: disks,
      } as const;
      for (const { describe, disk } of crashImages(log, options)) {
        counts.disks += 1;
        layOut(disk, root);
        const found = await inspect(root, entries);
        counts.happened += found.happened;
        const what = `${role}, seed ${seed}, power lost after ${at} of ${log.effects.length} effects: ${describe}`;
        violations.push(...found.violations.map((text) => `${what.slice(0, 300)}: ${text}`));
      }
      if (violations.length > 0) break;
    }
    return { role, effects: log.effects.length, ...counts, violations };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const VICTIM = 'victim';

async function recorded(
  role: Role,
  root: string,
  random: Random,
  fault: string,
): Promise<Recording> {
  const [data, home] = [join(root, 'data'), join(root, VICTIM)];
  const directories = [data, home];
  for (const directory of directories) mkdirSync(directory, { mode: 0o700 });
  // Beside the disk that is simulated.
  const journal = `${root}.journal`;
  const log = `${root}.log`;
  try {
    const worker = join(import.meta.dirname, 'kill-worker.ts');
    const seed = String(random.int(2 ** 32));
    const args = [worker, data, home, journal, seed, role, fault, String(OPERATIONS)];
    const calls = await record(args, log);
    const isIgnored = (path: string) =>
      // SQLite makes its index of the log anew when nobody has it open. The other vault is no matter.
      path.endsWith('-shm') || path.startsWith(join(home, 'source'));
    return replay(calls, { root, directories, journal, isIgnored });
  } finally {
    for (const file of [journal, `${journal}.at-work`, log]) rmSync(file, { force: true });
  }
}

/** All of them in order where there are no more than that; else some, each once. */
function momentsOf({ log }: Recording, count: number, random: Random): readonly number[] {
  const all = Array.from({ length: log.effects.length + 1 }, (_, index) => index);
  while (all.length > count) all.splice(random.int(all.length), 1);
  return all;
}

function entriesAt(lines: Recording['lines'], at: number): readonly VaultEntry[] {
  const written = lines.filter((line) => line.at <= at);
  return written.map(({ text }) => JSON.parse(text) as VaultEntry);
}

/** Puts what is on a simulated disk in the place of what was at `root`. */
function layOut(disk: Disk, root: string): void {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { mode: 0o700 });
  for (const [path, inode] of pathsOf(disk)) {
    if (!path.startsWith(`${root}/`)) continue;
    if (inode.isDirectory) mkdirSync(path, { mode: 0o700 });
    else {
      writeFileSync(path, inode.slice(0, inode.size));
      chmodSync(path, 0o600);
    }
  }
}

async function inspect(root: string, entries: readonly VaultEntry[]) {
  const dir = join(root, 'data');
  try {
    await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
    const found = await inspectVault(dir, vault, [{ room: VICTIM, entries }]);
    await vault.secrets.set('after', Buffer.from('a loss of power'));
    return found;
  } catch (error) {
    return { violations: [String(error)], happened: 0 };
  }
}
