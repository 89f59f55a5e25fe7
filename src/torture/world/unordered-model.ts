import type { Choose } from './choices.ts';
import type { Effect } from './effect.ts';
import { type Fate, lastSyncs, type SizesBefore, tears } from './fates.ts';

const SECTOR_BYTES = 512;

/**
 * A file system that keeps nothing in order, and promises what POSIX does:
 *
 * - fsync and fdatasync of a file make what was written to it safe, and its size; not its name.
 * - fsync of a directory makes the changes of its names safe; a rename needs one of the two.
 * - Everything else may be missing, each by itself: a name without its content, a size without its
 *   bytes, which then read as zeros, a write without an earlier one. A rename happens or does not.
 * - Writes tear at sectors, and not only from the end.
 *
 * This is the weakest of the models of Pillai et al. (All File Systems Are Not Created Equal, OSDI
 * 2014), with directory operations atomic. What holds here holds on every disk.
 */
export function unorderedFates(
  effects: readonly Effect[],
  sizeBefore: SizesBefore,
): (choose: Choose) => Fate[] {
  const ways = waysOf(effects, sizeBefore);
  return (choose) => ways.map((some) => some[choose(some.length)] as Fate);
}

/** What may become of each effect, whatever becomes of the others. */
function waysOf(effects: readonly Effect[], sizeBefore: SizesBefore): Fate[][] {
  const synced = lastSyncs(effects);
  const sizes = new Map<number, number>();
  return effects.map((effect, index) => {
    const isSafe = keepersOf(effect).some((ino) => (synced.get(ino) ?? -1) > index);
    const isMark = effect.kind === 'create' || effect.kind === 'sync';
    if (effect.kind === 'truncate') sizes.set(effect.ino, effect.size);
    if (effect.kind !== 'write') return isMark || isSafe ? ['kept'] : ['kept', 'lost'];
    const size = sizes.get(effect.ino) ?? sizeBefore(effect.ino) ?? 0;
    const end = effect.offset + effect.data.length;
    sizes.set(effect.ino, Math.max(size, end));
    if (isSafe) return ['kept'];
    const zeros: Fate[] = end > size ? [{ from: 0, to: 0, isSizeKept: true }] : [];
    return ['kept', ...tears(effect, SECTOR_BYTES), ...zeros, 'lost'];
  });
}

/** Inodes of which one must be synced for an effect to be safe. */
function keepersOf(effect: Effect): number[] {
  switch (effect.kind) {
    case 'link':
    case 'unlink':
      return [effect.parent];
    case 'rename':
      return [effect.parent, effect.toParent];
    default:
      return [effect.ino];
  }
}
