import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCalls } from './calls.ts';
import { listProc, readProc } from './proc.ts';

/** A lock of the kernel on a file. Lock files are none: who made one, only it can say. */
export interface HeldLock {
  readonly path: string;
  /** Undefined when it belongs to an open file and no process that we may look into has it. */
  readonly pid: number | undefined;
  readonly kind: LockKind;
  readonly access: 'read' | 'write';
  /** It wants the lock and does not have it. */
  readonly isWaiting: boolean;
}

/** `posix` belongs to a process, `ofd` and `flock` to an open file. */
export type LockKind = 'posix' | 'ofd' | 'flock' | 'lease';

/** Locks on files below a directory, and who waits for them. Linux only, else none. */
export function lockHolders(dir: string): readonly HeldLock[] {
  const paths = pathsByInode(dir);
  const lines = (readProc('locks') ?? '').split('\n').map(parseLock);
  const found = new Map<string, HeldLock>();
  for (const line of lines) {
    const path = paths.get(line?.inode ?? '');
    if (!line || path === undefined) continue;
    const { inode, pid, ...lock } = line;
    for (const holder of pid > 0 ? [pid] : processesOf(path, inode, lock.isWaiting)) {
      const one = { path, pid: holder, ...lock };
      // A process may lock many ranges of a file.
      found.set(JSON.stringify(one), one);
    }
  }
  return [...found.values()];
}

/**
 * Processes behind a lock that belongs to an open file. Several may have that file, and then each
 * holds it.
 */
function processesOf(path: string, inode: string, isWaiting: boolean): (number | undefined)[] {
  const processes = (listProc('') ?? []).filter((name) => /^\d+$/.test(name));
  const found = processes.filter((pid) =>
    isWaiting ? isWaitingFor(Number(pid), path) : hasLocked(pid, inode),
  );
  return found.length === 0 ? [undefined] : found.map(Number);
}

function isWaitingFor(pid: number, path: string): boolean {
  return systemCalls(pid).some(({ name, target }) => name === 'fcntl' && target === path);
}

/** One line of `/proc/locks`, or of `fdinfo` behind `lock:`. */
export interface LockLine extends Omit<HeldLock, 'path' | 'pid'> {
  /** -1 where the lock belongs to an open file. */
  readonly pid: number;
  /** Device and number: `8:1:4711`. */
  readonly inode: string;
}

/** `1: -> POSIX  ADVISORY  WRITE 7 08:01:4711 0 EOF`: device in hex, `->` before one that waits. */
export function parseLock(line: string): LockLine | undefined {
  const found =
    /^\s*\d+:\s+(->\s+)?(\w+)\s+\S+\s+(READ|WRITE)\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/.exec(
      line,
    );
  const [, arrow, word = '', access, pid, major = '', minor = '', number] = found ?? [];
  const kind = KINDS[word];
  if (!found || !kind) return undefined;
  return {
    kind,
    access: access === 'READ' ? 'read' : 'write',
    pid: Number(pid),
    inode: `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${number}`,
    isWaiting: arrow !== undefined,
  };
}

const KINDS: Readonly<Record<string, LockKind>> = {
  POSIX: 'posix',
  OFDLCK: 'ofd',
  FLOCK: 'flock',
  LEASE: 'lease',
};

function pathsByInode(dir: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (stat) paths.set(inodeOf(stat), path);
  }
  return paths;
}

/** The two halves of a device number as glibc packs them (makedev(3)). */
function inodeOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}:${ino}`;
}

/** The kernel tells of each descriptor which locks its open file has. */
function hasLocked(pid: string, inode: string): boolean {
  return (listProc(`${pid}/fdinfo`) ?? []).some((number) => {
    const lines = readProc(`${pid}/fdinfo/${number}`)?.split('\n') ?? [];
    return lines.some((line) => {
      const lock = line.startsWith('lock:') ? parseLock(line.slice('lock:'.length)) : undefined;
      return lock?.inode === inode && lock.kind !== 'posix';
    });
  });
}
