import { type Damage, damaged, PAGE_BYTES } from './damage.ts';

/** How much of all damage is tried: a share in the tests, all of it in the proof. */
export type Extent = 'some' | 'all';

/** SQLite's own header (sqlite.org/fileformat2.html, 1.3). */
const FILE_HEADER_BYTES = 100;
/** Of a page: its b-tree header and the places of its first cells. */
const PAGE_HEAD_BYTES = 16;
/** Primes, so that no place in a page is the same one every time. */
const BIT_STRIDE = 61;
const LOG_BIT_STRIDE = 997;
const CUT_STRIDE = 131;
const LOG_CUT_STRIDE = 599;
const PAGE_STRIDE = 5;

type Range = readonly [from: number, to: number];

interface Heads {
  /** Every bit of them. */
  readonly whole: readonly Range[];
  /** One bit of each byte. */
  readonly thin: readonly Range[];
}

/**
 * Every bit of the first page, of the heads of pages and of `rows`, and one bit of every other byte.
 * With `some`, every bit of the header of the file alone, one of each byte of the others, and of every
 * sixty-first other byte.
 */
export function* databaseBits(
  whole: Buffer,
  rows: readonly Range[],
  extent: Extent,
): Generator<Damage> {
  const heads = [...rows, ...pageHeads(whole)];
  const all = extent === 'all';
  yield* bits(whole, all ? 1 : BIT_STRIDE, {
    whole: all ? [[0, PAGE_BYTES], ...heads] : [[0, FILE_HEADER_BYTES]],
    thin: heads,
  });
}

/** One bit of every third byte of a log, which has a thousand of a page in each frame, or of a few. */
export function* logBits(whole: Buffer, extent: Extent): Generator<Damage> {
  yield* bits(whole, extent === 'all' ? 3 : LOG_BIT_STRIDE, { whole: [], thin: [] });
}

/** Every bit of a lock file, or every fifth. */
export function* lockBits(whole: Buffer, extent: Extent): Generator<Damage> {
  for (let bit = 0; bit < whole.length * 8; bit += extent === 'all' ? 1 : 5) yield { bit };
}

function* bits(whole: Buffer, stride: number, heads: Heads): Generator<Damage> {
  const isIn = (offset: number, ranges: readonly Range[]) =>
    ranges.some(([from, to]) => offset >= from && offset < to);
  for (let offset = 0; offset < whole.length; offset += 1) {
    const first = offset * 8;
    if (isIn(offset, heads.whole)) for (let bit = 0; bit < 8; bit += 1) yield { bit: first + bit };
    else if (offset % stride === 0 || isIn(offset, heads.thin)) {
      yield { bit: first + (Math.floor(offset / stride) % 8) };
    }
  }
}

function pageHeads(whole: Buffer): readonly Range[] {
  const count = Math.floor(whole.length / PAGE_BYTES);
  return Array.from({ length: count }, (_, page) => {
    return [page * PAGE_BYTES, page * PAGE_BYTES + PAGE_HEAD_BYTES];
  });
}

/** Every length, or every so many and those around the ends of pages. */
export function* databaseCuts(whole: Buffer, extent: Extent): Generator<Damage> {
  const stride = extent === 'all' ? 1 : CUT_STRIDE;
  for (let cut = 0; cut < whole.length; cut += 1) {
    if (cut % stride === 0 || (cut + 1) % PAGE_BYTES < 3) yield { cut };
  }
}

/** Every seventh length of a log, or a few. */
export function* logCuts(whole: Buffer, extent: Extent): Generator<Damage> {
  const stride = extent === 'all' ? 7 : LOG_CUT_STRIDE;
  for (let cut = 0; cut < whole.length; cut += stride) yield { cut };
}

/** Each page empty, and in the place of each other, or of every fifth. */
export function* pages(whole: Buffer, extent: Extent): Generator<Damage> {
  const count = Math.floor(whole.length / PAGE_BYTES);
  const stride = extent === 'all' ? 1 : PAGE_STRIDE;
  for (let page = 0; page < count; page += 1) {
    yield { page, by: undefined };
    for (let by = page % stride; by < count; by += stride) if (by !== page) yield { page, by };
  }
}

/** Of a file of ours: all before its contents, with a comment of seven characters. */
const OUR_HEADER_BYTES = 127;
const KDF_MEMORY_AT = 10;
const KDF_MEMORY_MAX_KIB = 64 * 1024;

/** Whether a file of ours asks for more memory than the least that is recommended. */
export function isGreedy(file: Buffer): boolean {
  const hasCosts = file.length >= KDF_MEMORY_AT + 4;
  return hasCosts && file.readUInt32BE(KDF_MEMORY_AT) > KDF_MEMORY_MAX_KIB;
}

/** So many places of a file are enough for `some`. */
const PLACES = 1000;

/**
 * Of a file for elsewhere each bit, each length, and a byte too many; or of ours each bit of the
 * header and one of each other byte, and of rust-keyvault's a bit and a length in some 1,000 places.
 * What asks for much memory and is given it comes last, and not with `some`.
 */
export function* fileDamages(whole: Buffer, isOurs: boolean, extent: Extent): Generator<Damage> {
  const headerBytes = extent === 'all' ? whole.length : isOurs ? OUR_HEADER_BYTES : 0;
  const stride = extent === 'all' || isOurs ? 1 : Math.ceil(whole.length / PLACES);
  const greedy: Damage[] = [];
  for (const damage of bits(whole, stride, { whole: [[0, headerBytes]], thin: [] })) {
    if (isOurs && isGreedy(damaged(whole, damage))) greedy.push(damage);
    else yield damage;
  }
  for (let cut = 0; cut < whole.length; cut += stride) yield { cut };
  yield { more: 1 };
  if (extent === 'all') yield* greedy;
}
