import type { Choose } from './choices.ts';
import type { Effect } from './effect.ts';
import { type Fate, isMetadata, lastSyncs, type SizesBefore, tears, type Write } from './fates.ts';

// Writeback goes by pages, and a disk writes sectors whole.
const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

/**
 * A journal of metadata with delayed allocation, as ext4 has by default (data=ordered, delalloc,
 * auto_da_alloc):
 *
 * - Changes of names and truncations survive in the order in which they were made: all up to some
 *   moment. fsync and fdatasync commit every one up to the last change of the inode that they are
 *   called on, its growth included.
 * - A write that makes a file longer gets its blocks later. It may be missing although later
 *   changes of names survive, and takes along what was written behind it to the same file; it cannot
 *   survive where an earlier change of a name is lost. It tears at pages, from the end, and never
 *   shows bytes that nobody wrote.
 * - A write inside a file is in no order with anything. It may tear at sectors.
 * - A rename over an existing file brings the blocks of the renamed one with it. That is
 *   auto_da_alloc; its other half, the flush when a truncated file is closed, is not assumed.
 *
 * In the words of Pillai et al. (All File Systems Are Not Created Equal, OSDI 2014): directory
 * operations are atomic and in order, appends to one file are in order with each other but not with
 * other operations, overwrites are neither atomic nor in order.
 */
export function orderedFates(
  effects: readonly Effect[],
  sizeBefore: SizesBefore,
): (choose: Choose) => Fate[] {
  const committed = committedBefore(effects, sizeBefore);
  const synced = lastSyncs(effects);
  const replacements = replacementsOf(effects);
  const open = [...effects.keys()].filter(
    (index) => index >= committed && isMetadata(effects[index] as Effect),
  );
  return (choose) => {
    const firstLost = open[open.length - choose(open.length + 1)] ?? effects.length;
    const mustBeThere = (ino: number, index: number) =>
      (synced.get(ino) ?? -1) > index ||
      replacements.get(ino)?.some((at) => at > index && at < firstLost) === true;
    const files = new Files(sizeBefore, firstLost, choose);
    return effects.map((effect, index) => {
      if (effect.kind === 'write') {
        return files.write(effect, index, mustBeThere(effect.ino, index));
      }
      if (index >= firstLost && isMetadata(effect)) return 'lost';
      if (effect.kind === 'truncate') files.truncate(effect.ino, effect.size);
      return 'kept';
    });
  };
}

/** By inode, when it was put in the place of another. */
function replacementsOf(effects: readonly Effect[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  effects.forEach((effect, index) => {
    if (effect.kind !== 'rename' || effect.replaced === undefined) return;
    const earlier = found.get(effect.ino);
    if (earlier === undefined) found.set(effect.ino, [index]);
    else earlier.push(index);
  });
  return found;
}

/** Up to where names and truncations are safe. */
function committedBefore(effects: readonly Effect[], sizeBefore: SizesBefore): number {
  const sizes = new Map<number, number>();
  const lastChange = new Map<number, number>();
  let committed = 0;
  effects.forEach((effect, index) => {
    if (effect.kind === 'sync') {
      committed = Math.max(committed, (lastChange.get(effect.ino) ?? -1) + 1);
      return;
    }
    if (effect.kind === 'write') {
      const end = effect.offset + effect.data.length;
      const size = sizes.get(effect.ino) ?? sizeBefore(effect.ino) ?? 0;
      if (end <= size) return;
      sizes.set(effect.ino, end);
      lastChange.set(effect.ino, index);
      return;
    }
    if (effect.kind === 'truncate') sizes.set(effect.ino, effect.size);
    for (const ino of changedBy(effect)) lastChange.set(ino, index);
  });
  return committed;
}

/** Inodes with another name, another size, or another list of names. */
function changedBy(effect: Effect): number[] {
  switch (effect.kind) {
    case 'link':
    case 'unlink':
      return [effect.ino, effect.parent];
    case 'rename': {
      const { ino, parent, toParent, replaced } = effect;
      return replaced === undefined ? [ino, parent, toParent] : [ino, parent, toParent, replaced];
    }
    case 'truncate':
      return [effect.ino];
    default:
      return [];
  }
}

/** What is on the disk of each file, as the effects go by. */
class Files {
  readonly #sizeBefore: SizesBefore;
  readonly #firstLost: number;
  readonly #choose: Choose;
  /** Bytes of each file that have their blocks. */
  readonly #stable = new Map<number, number>();
  /** Files of which a write that made them longer is missing. */
  readonly #short = new Set<number>();

  constructor(sizeBefore: SizesBefore, firstLost: number, choose: Choose) {
    this.#sizeBefore = sizeBefore;
    this.#firstLost = firstLost;
    this.#choose = choose;
  }

  truncate(ino: number, size: number): void {
    this.#stable.set(ino, Math.min(this.#stableOf(ino), size));
    if (size === 0) this.#short.delete(ino);
  }

  write(write: Write, index: number, mustBeThere: boolean): Fate {
    const { ino, offset, data } = write;
    const end = offset + data.length;
    const stable = this.#stableOf(ino);
    if (mustBeThere) {
      this.#stable.set(ino, Math.max(stable, end));
      return 'kept';
    }
    if (end <= stable) return this.#pick(['kept', ...tears(write, SECTOR_BYTES), 'lost']);
    if (this.#short.has(ino) || index > this.#firstLost) return 'lost';
    const beginnings = tears(write, PAGE_BYTES).filter(({ from }) => from === 0);
    const fate = this.#pick(['kept', ...beginnings, 'lost']);
    if (fate !== 'kept') this.#short.add(ino);
    return fate;
  }

  #pick(ways: readonly Fate[]): Fate {
    return ways[this.#choose(ways.length)] as Fate;
  }

  #stableOf(ino: number): number {
    return this.#stable.get(ino) ?? this.#sizeBefore(ino) ?? 0;
  }
}
