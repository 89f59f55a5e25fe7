import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { Epoch, isSettled } from './epoch.ts';
import { fileSize, type StoreFiles, storeFiles, thisHost } from './files.ts';
import { type LockHolder, lockHolder } from './lock.ts';
import { inspectReadOnly } from './sqlite.ts';
import { all, one, type Steps } from './steps.ts';

/** A file of a store: mode bits as in `600`, size in bytes. */
export interface FileReport {
  readonly name: string;
  readonly mode: string;
  readonly sizeBytes: number;
}

/** What was found out about one store without changing anything of it. */
export interface StoreReport {
  readonly store: string;
  readonly files: readonly FileReport[];
  readonly schemaVersion: string | undefined;
  /** `ok`, or what SQLite's integrity check or the opening said. */
  readonly integrity: string;
  readonly walBytes: number;
  readonly epoch: EpochReport;
  /** Who holds the writer lock at this moment; undefined: nobody. */
  readonly writer:
    | (LockHolder & { readonly heldMs: number; readonly command?: string })
    | undefined;
  /** Sentences about what is not as it should be. */
  readonly problems: readonly string[];
}

export interface EpochReport {
  readonly value: number | undefined;
  /** `settled`; `committing`: odd while a writer is at work; `interrupted`: odd, and no writer. */
  readonly state: 'absent' | 'settled' | 'committing' | 'interrupted' | 'unreadable';
}

export interface DirectoryReport {
  readonly directory: string;
  readonly mode: string | undefined;
  readonly node: string;
  readonly sqlite: string;
  readonly platform: string;
  readonly stores: readonly StoreReport[];
  readonly problems: readonly string[];
}

/** Looks at every store in a data directory. Reads only; never waits for a lock. */
export function inspectDirectory(directory: string): DirectoryReport {
  const found = statSync(directory, { throwIfNoEntry: false });
  const names = found?.isDirectory() ? readdirSync(directory) : [];
  const stores = names.filter((name) => name.endsWith('.db')).sort();
  return {
    directory,
    mode: found && modeText(found.mode),
    node: process.versions.node,
    sqlite: thisHost.sqliteVersion,
    platform: `${process.platform} ${process.arch}`,
    stores: stores.map((name) => inspectStore(join(directory, name))),
    problems: found ? directoryProblems(directory, found.mode) : [],
  };
}

/** Looks at one store. */
export function inspectStore(database: string): StoreReport {
  const files = storeFiles(database);
  const writer = describeWriter(files);
  const epoch = inspectEpoch(files, writer !== undefined);
  const content = inspectContent(database);
  const list = [files.database, files.wal, `${database}-shm`, files.lock]
    .filter((file) => existsSync(file))
    .map(describeFile);
  return {
    store: basename(database, '.db'),
    files: list,
    ...content,
    walBytes: fileSize(files.wal),
    epoch,
    writer,
    problems: storeProblems(list, epoch, content.integrity),
  };
}

function describeFile(file: string): FileReport {
  const found = statSync(file);
  return { name: basename(file), mode: modeText(found.mode), sizeBytes: found.size };
}

function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

function describeWriter(files: StoreFiles): StoreReport['writer'] {
  if (!existsSync(files.lock)) return undefined;
  const holder = lockHolder(files.lock);
  if (!holder) return undefined;
  const command = commandOf(holder.pid);
  const heldMs = Math.max(0, Date.now() - holder.since);
  return command === undefined ? { ...holder, heldMs } : { ...holder, heldMs, command };
}

/** Linux only; elsewhere the pid has to do. */
function commandOf(pid: number): string | undefined {
  const file = `/proc/${pid}/cmdline`;
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8').split('\0').join(' ').trim().slice(0, 200);
}

function inspectEpoch(files: StoreFiles, hasWriter: boolean): EpochReport {
  if (!existsSync(files.lock)) return { value: undefined, state: 'absent' };
  const epoch = new Epoch(files.lock, false);
  try {
    const value = epoch.read();
    if (value < 0) return { value: undefined, state: 'unreadable' };
    if (isSettled(value)) return { value, state: 'settled' };
    return { value, state: hasWriter ? 'committing' : 'interrupted' };
  } finally {
    epoch.close();
  }
}

interface Content {
  readonly schemaVersion: string | undefined;
  readonly integrity: string;
}

function inspectContent(database: string): Content {
  try {
    return inspectReadOnly(database, readContent);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { schemaVersion: undefined, integrity: error.message };
  }
}

function* readContent(): Steps<Content> {
  const rows = yield* all<{ integrity_check: string }>('PRAGMA integrity_check(10)');
  const hasMetadata = yield* one(
    `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'metadata'`,
  );
  const version = hasMetadata
    ? yield* one<{ value: string | number }>(
        `SELECT value FROM metadata WHERE key = 'schema_version'`,
      )
    : undefined;
  const numbered = yield* one<{ user_version: number }>('PRAGMA user_version');
  return {
    schemaVersion: (version?.value ?? (numbered?.user_version || undefined))?.toString(),
    integrity: rows.map((row) => row.integrity_check).join('; '),
  };
}

function directoryProblems(directory: string, mode: number): string[] {
  if (mode & 0o002) return [`every user may write to ${directory}`];
  if (mode & 0o020) return [`the group may write to ${directory}`];
  return [];
}

function storeProblems(
  files: readonly FileReport[],
  epoch: EpochReport,
  integrity: string,
): string[] {
  const problems = files
    .filter((file) => Number.parseInt(file.mode, 8) & 0o077)
    .map((file) => `${file.name} has mode ${file.mode}: others than its owner can open it`);
  if (integrity !== 'ok') problems.push(`integrity: ${integrity}`);
  if (epoch.state === 'interrupted') {
    problems.push('a writer died while committing; the next write repairs the epoch');
  }
  if (epoch.state === 'unreadable')
    problems.push('the lock file holds no whole epoch; reads are slower');
  return problems;
}
