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

/** What a power cut may make of effects, which are all that had happened, by what is chosen. */
export type PersistenceModel = (
  effects: readonly Effect[],
  sizeBefore: SizesBefore,
) => (choose: Choose) => Fate[];

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

/** By inode, the last time it was synced. */
export function lastSyncs(effects: readonly Effect[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  effects.forEach((effect, index) => {
    if (effect.kind === 'sync') last.set(effect.ino, index);
  });
  return last;
}

/** Whether names or sizes change, and not what is in a file. */
export function isMetadata(effect: Effect): boolean {
  return effect.kind !== 'write' && effect.kind !== 'sync' && effect.kind !== 'create';
}
