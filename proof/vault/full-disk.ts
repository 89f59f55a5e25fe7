import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../src/errors.ts';
import { Random } from '../../src/torture/declare/random.ts';
import type { Skipped } from '../../src/torture/faults/launch-prefix.ts';
import { tmpfs } from '../../src/torture/faults/tmpfs.ts';
import { Vault } from '../../src/vault.ts';
import type { VaultEntry } from './claims.ts';
import { inspectVault } from './inspection.ts';
import type { Operation, Program } from './operation.ts';
import { changes } from './programs.ts';
import { readTables } from './tables.ts';

/** What became of one change on a disk with ever more room. */
export interface FullDiskRow {
  readonly change: string;
  /** How often it was refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** With how much room it was made, in KiB. */
  readonly roomKib: number;
  readonly violations: readonly string[];
}

const DISK_BYTES = 4 * 1024 * 1024;
/** What tmpfs gives out. */
const PAGE_BYTES = 4096;
const PAGES_MAX = 200;
/** What may be said of a full disk. */
const CODES = ['DISK_FULL', 'IO_ERROR', 'COMMIT_UNKNOWN'];
const ROOM = 'room';

/**
 * Makes each kind of change on a small disk that is full, then with one page of room, then two, until
 * it is made. Needs root.
 */
export async function runFullDisk(): Promise<readonly FullDiskRow[] | Skipped> {
  const disk = await tmpfs(DISK_BYTES);
  if ('skipped' in disk) return disk;
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-full-')));
  await using _ = disk;
  try {
    const rows: FullDiskRow[] = [];
    for (const [name, program] of Object.entries(changes)) {
      const dir = join(disk.dir, name);
      const places = { dir, home: join(home, name), filler: join(disk.dir, 'filler') };
      mkdirSync(places.home);
      const site = await Site.open(places, name === 'use');
      try {
        rows.push({ change: name, ...(await site.sweep(program)) });
      } finally {
        await site.close();
      }
      rows.push({ change: `open it after ${name}`, ...(await sweepOpening(places, site)) });
      rmSync(dir, { recursive: true });
    }
    const places = { dir: join(disk.dir, 'new'), home, filler: join(disk.dir, 'filler') };
    rows.push({ change: 'make a vault', ...(await sweepOpening(places)) });
    return rows;
  } finally {
    rmSync(home, { recursive: true });
  }
}

interface Places {
  readonly dir: string;
  readonly home: string;
  readonly filler: string;
}

type Sweep = Omit<FullDiskRow, 'change'>;

/** A vault on the disk, and what was made of it. */
class Site {
  readonly entries: VaultEntry[] = [];
  readonly #places: Places;
  readonly #vault: Vault;
  /** Where uses are logged it could not even read on a full disk. */
  readonly #reader: Vault;

  private constructor(places: Places, vault: Vault, reader: Vault) {
    this.#places = places;
    this.#vault = vault;
    this.#reader = reader;
  }

  static async open(places: Places, isStrict: boolean): Promise<Site> {
    const vault = await openVault(places.dir, isStrict ? 'strict' : 'changes');
    return new Site(places, vault, isStrict ? await openVault(places.dir) : vault);
  }

  async sweep(program: Program): Promise<Sweep> {
    const { home, dir, filler } = this.#places;
    const actor = { vault: this.#vault, room: ROOM, home, random: new Random(home) };
    const operations = program(actor);
    await this.#perform(await this.#next(operations));
    const operation = await this.#firstRefused(operations);
    const before = readTables(dir).events.length;
    const violations: string[] = [];
    const { refused, pages } = await withMoreRoom(filler, violations, {
      attempt: () => this.#perform(operation),
      whenRefused: async () => {
        violations.push(...(await this.inspect(this.#reader)));
        const events = readTables(dir).events.length;
        if (events !== before) violations.push(`${events - before} events of what was refused`);
      },
    });
    violations.push(...(await this.inspect(this.#reader)));
    if (readTables(dir).events.length === before) violations.push('no event of what was done');
    // And it goes on.
    await this.#perform(await this.#next(operations));
    violations.push(...(await this.inspect(this.#reader)));
    return { refused, roomKib: (pages * PAGE_BYTES) / 1024, violations };
  }

  async close(): Promise<void> {
    await this.#vault.close();
    await this.#reader.close();
  }

  async inspect(vault: Vault): Promise<readonly string[]> {
    const { entries } = this;
    return (await inspectVault(this.#places.dir, vault, [{ room: ROOM, entries }])).violations;
  }

  /** On a full disk: what has gone before may have left room for some. */
  async #firstRefused(operations: AsyncGenerator<Operation, void>): Promise<Operation> {
    fill(this.#places.filler, 0);
    try {
      for (;;) {
        const operation = await this.#next(operations);
        try {
          await this.#perform(operation);
        } catch {
          // Looked at when it is refused again.
          return operation;
        }
      }
    } finally {
      rmSync(this.#places.filler);
    }
  }

  /** The next that is no preparation. */
  async #next(operations: AsyncGenerator<Operation, void>): Promise<Operation> {
    for (;;) {
      const { value } = await operations.next();
      if (value === undefined) throw new Error('a program has ended');
      if (value.entry.kind !== 'prepare') return value;
      await this.#perform(value);
    }
  }

  async #perform({ entry, run }: Operation): Promise<void> {
    const claims = await run();
    this.entries.push({ ...entry, event: 'begin' }, { ...entry, event: 'done', claims });
  }
}

function openVault(dir: string, audit: 'strict' | 'changes' = 'changes'): Promise<Vault> {
  return Vault.open({ dir, unlock: { keyFile: join(dir, 'key') }, audit });
}

/** Opens a vault that nobody has open, or that is not there. */
async function sweepOpening({ dir, filler }: Places, site?: Site): Promise<Sweep> {
  const violations: string[] = [];
  let vault: Vault | undefined;
  const { refused, pages } = await withMoreRoom(filler, violations, {
    attempt: async () => {
      vault = await openVault(dir);
    },
    whenRefused: async () => undefined,
  });
  if (vault && site) violations.push(...(await site.inspect(vault)));
  await vault?.secrets.set('after', Buffer.from('a full disk'));
  await vault?.close();
  return { refused, roomKib: (pages * PAGE_BYTES) / 1024, violations };
}

interface Attempts {
  readonly attempt: () => Promise<void>;
  readonly whenRefused: () => Promise<void>;
}

async function withMoreRoom(
  filler: string,
  violations: string[],
  { attempt, whenRefused }: Attempts,
): Promise<{ readonly refused: Record<string, number>; readonly pages: number }> {
  const refused: Record<string, number> = {};
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    fill(filler, pages);
    try {
      await attempt();
      return { refused, pages };
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : String(error);
      refused[code] = (refused[code] ?? 0) + 1;
      if (!CODES.includes(code)) violations.push(`refused with ${code}`);
      await whenRefused();
    } finally {
      rmSync(filler, { force: true });
    }
  }
  violations.push(`refused with ${PAGES_MAX} pages of room, too`);
  return { refused, pages: PAGES_MAX };
}

/** Leaves so many pages of room. */
function fill(filler: string, pages: number): void {
  const file = openSync(filler, 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  let sizeBytes = 0;
  try {
    for (;;) sizeBytes += writeSync(file, page);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    ftruncateSync(file, Math.max(0, sizeBytes - pages * PAGE_BYTES));
  } finally {
    closeSync(file);
  }
}
