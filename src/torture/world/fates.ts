import type { Choose } from './choices.ts';
import type { Effect } from './effect.ts';

/** Parts of a write, as distances from its beginning, that a power cut left; the rest reads as before. */
export interface Torn {
  readonly from: number;
  readonly to: number;
  /** Whether the file is as long as after the whole write: the gap reads as zeros. */
  readonly isSizeKept: boolean;
}

/** What became of an effect. */
export type Fate = 'kept' | 'lost' | Torn;

/** Of the effects up to a moment, which a power cut at that moment may leave. */
export type PersistenceModel = (
  effects: readonly Effect[],
  base: SizesBefore,
  choose: Choose,
) => Fate[];

/** Sizes of files before the first effect; undefined for what was not there. */
export type SizesBefore = (ino: number) => number | undefined;

export type Write = Extract<Effect, { kind: 'write' }>;

/** Ways to tear a write at boundaries of `blockBytes` in the file: beginnings, and one end. */
export function tears(write: Write, blockBytes: number): Torn[] {
  const { offset, data } = write;
  const cuts: number[] = [];
  const first = blockBytes - (offset % blockBytes);
  for (let cut = first; cut < data.length; cut += blockBytes) cuts.push(cut);
  if (cuts.length === 0) return [];
  const middle = cuts[cuts.length >> 1] as number;
  const beginnings = new Set([cuts[0] as number, middle, cuts.at(-1) as number]);
  const end = { from: middle, to: data.length, isSizeKept: false };
  return [...[...beginnings].map((to) => ({ from: 0, to, isSizeKept: false })), end];
}

/** Whether an effect changes the inode itself: its names, its size, or what it lists. */
export function touches(effect: Effect, ino: number): boolean {
  switch (effect.kind) {
    case 'link':
    case 'unlink':
      return effect.ino === ino || effect.parent === ino;
    case 'rename':
      return [effect.ino, effect.parent, effect.toParent, effect.replaced].includes(ino);
    case 'truncate':
      return effect.ino === ino;
    default:
      return false;
  }
}

/** Whether names or sizes change, and not what is in a file. */
export function isMetadata(effect: Effect): boolean {
  return effect.kind !== 'write' && effect.kind !== 'sync' && effect.kind !== 'create';
}
