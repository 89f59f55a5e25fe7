import type { Choose } from './choices.ts';
import type { Effect } from './effect.ts';
import { type Fate, isMetadata, type SizesBefore, tears } from './fates.ts';

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
  choose: Choose,
): Fate[] {
  const sizes = new Map<number, number>();
  return effects.map((effect, index) => {
    if (effect.kind === 'create' || effect.kind === 'sync') return 'kept';
    const isSafe = isSynced(effects, index);
    if (effect.kind !== 'write') {
      if (effect.kind === 'truncate') sizes.set(effect.ino, effect.size);
      return isSafe || choose(2) === 0 ? 'kept' : 'lost';
    }
    const size = sizes.get(effect.ino) ?? sizeBefore(effect.ino) ?? 0;
    const end = effect.offset + effect.data.length;
    sizes.set(effect.ino, Math.max(size, end));
    if (isSafe) return 'kept';
    const ways: Fate[] = ['kept', ...tears(effect, SECTOR_BYTES)];
    if (end > size) ways.push({ from: 0, to: 0, isSizeKept: true });
    ways.push('lost');
    return ways[choose(ways.length)] as Fate;
  });
}

function isSynced(effects: readonly Effect[], index: number): boolean {
  const effect = effects[index] as Effect;
  const keepers =
    isMetadata(effect) && effect.kind !== 'truncate' ? directoriesOf(effect) : [effect.ino];
  return effects.some(
    (later, at) => at > index && later.kind === 'sync' && keepers.includes(later.ino),
  );
}

/** Directories of which one must be synced for a change of names to be safe. */
function directoriesOf(effect: Effect): number[] {
  if (effect.kind === 'rename') return [effect.parent, effect.toParent];
  return effect.kind === 'link' || effect.kind === 'unlink' ? [effect.parent] : [];
}
