import {
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Random } from '../declare/random.ts';
import { type DirectoryImage, type FileImage, writeFile } from './directory-image.ts';

export const DAMAGE_KINDS = [
  'truncate',
  'flip',
  'torn-tail',
  'zero-page',
  'stale',
  'missing',
] as const;

/**
 * `truncate`: the end is missing. `flip`: one bit is another. `torn-tail`: the last block was
 * written in part. `zero-page`: a page was never written. `stale`: one file is an older copy of
 * itself. `missing`: one file is gone.
 */
export type DamageKind = (typeof DAMAGE_KINDS)[number];

/** One thing done to one file. */
export interface Damage {
  readonly kind: DamageKind;
  /** The file, and where in it: `journal.db at byte 17`. Differs from that of all others of its kind. */
  readonly target: string;
  /** `dir` must hold the image that the damage was made for. */
  apply(dir: string): void;
}

/** All damage of one kind to one file, by number. No two leave the same bytes as before. */
export interface Family {
  readonly kind: DamageKind;
  readonly count: number;
  at(index: number): Damage;
  /** What a sample must have, and what of the rest is more telling than the average. */
  readonly preferred: () => {
    readonly always: readonly number[];
    readonly edges: readonly number[];
  };
}

export interface FamilyOptions {
  readonly seed: string;
  readonly older: DirectoryImage | undefined;
}

/** What can be done to these files in one way. */
export function familiesOf(
  kind: DamageKind,
  files: readonly FileImage[],
  options: FamilyOptions,
): Family[] {
  const { seed, older } = options;
  const families = {
    truncate: () => files.map(cuts),
    flip: () => files.map((file) => flips(file, seed)),
    'torn-tail': () => files.map((file) => tornTails(file, options)),
    'zero-page': () => files.map(zeroPages),
    stale: () => staleCopies(files, older),
    missing: () => files.map(absence),
  }[kind]();
  return families.filter(({ count }) => count > 0);
}

/** What disks write whole, and what file systems, caches and databases do. */
const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;

/** Beginning and end of a file: magic numbers, lengths and checksums live there. */
const ENDS_BYTES = 64;

function cuts({ path, bytes, mode }: FileImage): Family {
  const size = bytes.length;
  return {
    kind: 'truncate',
    count: size,
    at: (position) => ({
      kind: 'truncate',
      target: `${path} at byte ${position}`,
      apply: (dir) => change(dir, { path, mode }, (file) => ftruncateSync(file, position)),
    }),
    preferred: () => {
      const edges: number[] = [];
      for (let sector = SECTOR_BYTES; sector <= size; sector += SECTOR_BYTES) {
        for (const cut of [sector - 1, sector, sector + 1]) if (cut < size) edges.push(cut);
      }
      return { always: [...new Set([0, size - 1])], edges };
    },
  };
}

function flips({ path, bytes, mode }: FileImage, seed: string): Family {
  const size = bytes.length;
  return {
    kind: 'flip',
    count: size * 8,
    at: (index) => {
      const bit = index % 8;
      const position = (index - bit) / 8;
      const flipped = Buffer.of((bytes[position] ?? 0) ^ (1 << bit));
      return {
        kind: 'flip',
        target: `${path} at byte ${position}, bit ${bit}`,
        apply: (dir) => change(dir, { path, mode }, (file) => write(file, flipped, position)),
      };
    },
    preferred: () => {
      const random = new Random(`${seed}/flip/${path}`);
      const ends = new Set<number>();
      for (let offset = 0; offset < Math.min(ENDS_BYTES, size); offset += 1) {
        ends.add(offset).add(size - 1 - offset);
      }
      return {
        always: [...ends].map((position) => position * 8 + random.int(8)),
        edges: [...ends].flatMap((position) => bitsOf(position)),
      };
    },
  };
}

function bitsOf(position: number): number[] {
  return Array.from({ length: 8 }, (_, bit) => position * 8 + bit);
}

function tornTails(file: FileImage, { seed, older }: FamilyOptions): Family {
  const { path, bytes } = file;
  const before = older?.files.find((one) => one.path === path)?.bytes;
  // By target: half a page may be a sector.
  const found = new Map<string, Damage>();
  for (const block of [SECTOR_BYTES, PAGE_BYTES]) {
    const start = Math.max(0, Math.ceil(bytes.length / block) - 1) * block;
    const half = start + Math.floor(Math.min(block, bytes.length - start) / 2);
    const add = (what: string, from: number, tail: Buffer) => {
      const target = `${path} from byte ${from}: ${what}`;
      if (tail.length > 0 && !tail.equals(bytes.subarray(from, from + tail.length))) {
        found.set(target, overwriting('torn-tail', file, { target, from, bytes: tail }));
      }
    };
    add('zeros', start, Buffer.alloc(bytes.length - start));
    if (half > start) add('zeros', half, Buffer.alloc(bytes.length - half));
    add('garbage', start, garbage(`${seed}/${path}/${start}`, bytes.subarray(start)));
    if (before) add('as it was before', half, before.subarray(half, bytes.length));
  }
  return listed('torn-tail', [...found.values()]);
}

/** Differs from what was there in its first byte at least. */
function garbage(seed: string, old: Buffer): Buffer {
  const random = new Random(seed);
  const bytes = Buffer.from(Array.from(old, () => random.int(256)));
  if (bytes.length > 0 && bytes[0] === old[0]) bytes[0] = (old[0] ?? 0) ^ 0xff;
  return bytes;
}

function zeroPages(file: FileImage): Family {
  const { path, bytes } = file;
  const zeros = Buffer.alloc(PAGE_BYTES);
  const starts: number[] = [];
  for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
    const page = bytes.subarray(start, start + PAGE_BYTES);
    if (!page.equals(zeros.subarray(0, page.length))) starts.push(start);
  }
  return {
    kind: 'zero-page',
    count: starts.length,
    at: (index) => {
      const from = starts[index] ?? 0;
      const length = Math.min(PAGE_BYTES, bytes.length - from);
      const target = `${path} bytes ${from} to ${from + length - 1}`;
      return overwriting('zero-page', file, { target, from, bytes: zeros.subarray(0, length) });
    },
    preferred: () => ({ always: [...new Set([0, starts.length - 1])], edges: [] }),
  };
}

function staleCopies(files: readonly FileImage[], older: DirectoryImage | undefined): Family[] {
  const now = new Map(files.map((file) => [file.path, file]));
  return (older?.files ?? [])
    .filter(({ path, bytes }) => !now.get(path)?.bytes.equals(bytes))
    .map((before) => {
      const { path } = before;
      // An unlink is as easily lost as a write.
      const target = now.has(path) ? path : `${path}, which had been removed`;
      const apply = (dir: string) => {
        rmSync(join(dir, path), { force: true });
        writeFile({ ...before, linkOf: undefined }, dir);
      };
      return listed('stale', [{ kind: 'stale', target, apply }]);
    });
}

function absence({ path }: FileImage): Family {
  return listed('missing', [
    { kind: 'missing', target: path, apply: (dir) => unlinkSync(join(dir, path)) },
  ]);
}

function listed(kind: DamageKind, list: readonly Damage[]): Family {
  return {
    kind,
    count: list.length,
    at: (index) => list[index] as Damage,
    preferred: () => ({ always: [], edges: [] }),
  };
}

function overwriting(
  kind: DamageKind,
  { path, mode }: FileImage,
  { target, from, bytes }: { target: string; from: number; bytes: Buffer },
): Damage {
  const apply = (dir: string) => change(dir, { path, mode }, (file) => write(file, bytes, from));
  return { kind, target, apply };
}

function write(file: number, bytes: Buffer, position: number): void {
  writeSync(file, bytes, 0, bytes.length, position);
}

/** In place, as a disk would: the file keeps its number and all its names. */
function change(
  dir: string,
  { path, mode }: Pick<FileImage, 'path' | 'mode'>,
  work: (file: number) => void,
): void {
  const at = join(dir, path);
  const isWritable = (mode & 0o200) !== 0;
  if (!isWritable) chmodSync(at, mode | 0o200);
  const file = openSync(at, 'r+');
  try {
    work(file);
  } finally {
    closeSync(file);
    if (!isWritable) chmodSync(at, mode);
  }
}
