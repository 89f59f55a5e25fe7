import { closeSync, fsyncSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../errors.ts';

/** The files of one store. None of them is ever unlinked or renamed while the store is in use. */
export interface StoreFiles {
  /** Path, or the URI of a database in the memory of this process. */
  readonly database: string;
  readonly wal: string;
  /** The writer lock; its content is the holder and the epoch. */
  readonly lock: string;
  readonly inMemory: boolean;
}

export function storeFiles(database: string): StoreFiles {
  const stem = database.replace(/\.db$/, '');
  return { database, wal: `${database}-wal`, lock: `${stem}.lock`, inMemory: false };
}

/**
 * Of a store in memory, which all threads of this process share by the path of its lock file. It is
 * there as long as somebody has it open. SQLite's `memdb` shares names that begin with a slash.
 */
export function memoryFiles(lock: string): StoreFiles {
  const database = `file:/${encodeURIComponent(lock)}?vfs=memdb`;
  return { database, wal: `${lock}-wal`, lock, inMemory: true };
}

/** What the host is; tests say otherwise to see the refusals. */
export interface Host {
  readonly sqliteVersion: string;
  /** File-system magic number of a directory, statfs(2). */
  readonly fileSystemType: (directory: string) => number;
}

export const thisHost: Host = {
  sqliteVersion: process.versions.sqlite ?? '0',
  fileSystemType: (directory) => statfsSync(directory).type,
};

/**
 * SQLite 3.7.0 to 3.51.2 can lose committed writes or corrupt the file when several connections
 * write and checkpoint one WAL file (sqlite.org/wal.html, "WAL-reset bug").
 */
const OLDEST_SQLITE = [3, 51, 3];

/** File systems whose WAL index is not shared between machines: Linux magic numbers. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x0bd00bd0, 'Lustre'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

/** @throws SQLITE_TOO_OLD */
export function requireSqlite(host: Host): void {
  const found = host.sqliteVersion.split('.').map(Number);
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = found[index] ?? 0;
    if (part > oldest) return;
    if (part < oldest) {
      throw new HoldfastError(
        'SQLITE_TOO_OLD',
        `SQLite ${host.sqliteVersion} can corrupt a store that several processes write; ` +
          `${OLDEST_SQLITE.join('.')} or newer is needed (Node.js 24.16 or newer has it)`,
      );
    }
  }
}

/** @throws NETWORK_FILESYSTEM */
export function requireLocal(directory: string, host: Host): void {
  // The numbers above are Linux's; elsewhere `type` means something else.
  if (process.platform !== 'linux') return;
  const name = NETWORK_FILE_SYSTEMS.get(host.fileSystemType(directory) >>> 0);
  if (name === undefined) return;
  throw new HoldfastError(
    'NETWORK_FILESYSTEM',
    `${directory} is on a network file system (${name}), where processes cannot share a store`,
  );
}

/**
 * Makes the directory of a store: 0700 on what we create; what was there is never changed.
 * @throws UNSAFE_DIRECTORY when everybody may write to it
 */
export function prepareDirectory(directory: string): void {
  makeDirectory(directory);
  const { mode } = statSync(directory);
  if ((mode & 0o002) === 0) return;
  throw new HoldfastError(
    'UNSAFE_DIRECTORY',
    `every user may write to ${directory} (mode ${(mode & 0o7777).toString(8)}), ` +
      'so no store can be kept there safely; use a directory of your own',
  );
}

function makeDirectory(directory: string): void {
  try {
    const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (first !== undefined) syncNames(directory, first);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HoldfastError(
      code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'READ_ONLY' : 'IO_ERROR',
      `cannot create directory ${directory}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * Makes the names of new directories outlast a loss of power: from `first`, the outermost, inwards.
 * Without them nothing that is synced below can be found again.
 */
function syncNames(directory: string, first: string): void {
  for (let made = directory; made.length >= first.length; made = dirname(made)) {
    const fd = openNames(dirname(made));
    if (fd === undefined) continue;
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Undefined for a directory in which one may make names and not read them. */
function openNames(directory: string): number | undefined {
  try {
    return openSync(directory, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** Creates an empty database file, 0600, when there is none. Only under the writer lock. */
export function createDatabaseFile(file: string): void {
  try {
    // Exclusive: a descriptor of an existing database file must never be closed by us.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Identifies a file across renames and replacements. */
export function fileIdentity(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

export function fileSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
