import { wrongArgument } from '../../errors.ts';
import { Random } from '../declare/random.ts';
import { type Damage, type DamageKind, type Family, familiesOf } from './damage-family.ts';
import type { DirectoryImage, FileImage } from './directory-image.ts';
import { drawNumbers, shareOut, shuffled } from './sample.ts';

export { DAMAGE_KINDS, type Damage, type DamageKind } from './damage-family.ts';

/** Damage to the files of one image. Going through it again gives the same. */
export interface Damages extends Iterable<Damage> {
  /** How much there is, of which a sample shows a part. */
  readonly total: number;
  /** Whether it is all there is of these kinds. */
  readonly isExhaustive: boolean;
}

export interface DamageOptions {
  readonly kinds: readonly DamageKind[];
  readonly seed: string;
  /** Most damage that is listed. */
  readonly limit: number;
  /** The same directory at an earlier time; without one nothing is `stale`. */
  readonly older?: DirectoryImage | undefined;
}

/**
 * Damage to these files, one thing at a time: every cut, every bit, … when that is no more than
 * `limit`. Otherwise a sample of `limit`, spread evenly over kinds and then over files: of each its
 * ends, then by halves what lies at the edges of sectors and what is drawn from everywhere. A sample
 * is in an order of which every beginning is spread like the whole.
 * @throws RangeError
 */
export function damagesOf(files: readonly FileImage[], options: DamageOptions): Damages {
  const { kinds, seed, limit, older } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw wrongArgument('range', `limit of damage must be a positive integer, not ${limit}`);
  }
  const kindsOfFamilies = [...new Set(kinds)].map((kind) =>
    familiesOf(kind, files, { seed, older }),
  );
  const total = sum(kindsOfFamilies.flat());
  const isExhaustive = total <= limit;
  const list = isExhaustive
    ? () => everything(kindsOfFamilies.flat())
    : () => sample(kindsOfFamilies, limit, new Random(`${seed}/damage`));
  return { total, isExhaustive, [Symbol.iterator]: list };
}

function sum(families: readonly Family[]): number {
  return families.reduce((total, { count }) => total + count, 0);
}

function* everything(families: readonly Family[]): Generator<Damage> {
  for (const family of families) {
    for (let index = 0; index < family.count; index += 1) yield family.at(index);
  }
}

function* sample(
  kinds: readonly (readonly Family[])[],
  limit: number,
  random: Random,
): Generator<Damage> {
  const shares = shareOut(limit, kinds.map(sum), random);
  const chosen = kinds.flatMap((families, kind) => {
    const wants = families.map(({ count }) => count);
    const shareOfFamilies = shareOut(shares[kind] ?? 0, wants, random);
    return families.map((family, index) => ({
      family,
      indices: choose(family, shareOfFamilies[index] ?? 0, random),
    }));
  });
  const rounds = Math.max(...chosen.map(({ indices }) => indices.length));
  for (let round = 0; round < rounds; round += 1) {
    for (const { family, indices } of chosen) {
      const index = indices[round];
      if (index !== undefined) yield family.at(index);
    }
  }
}

/** As many numbers of damage of one family. */
function choose(family: Family, count: number, random: Random): number[] {
  if (count === 0) return [];
  const { always, edges } = family.preferred();
  const chosen = new Set(shuffled(always, random).slice(0, count));
  const add = (candidates: readonly number[], most: number) => {
    const fresh = candidates.filter((index) => !chosen.has(index));
    for (const index of shuffled(fresh, random).slice(0, most)) chosen.add(index);
  };
  add(edges, Math.floor((count - chosen.size) / 2));
  // Enough to be left with as many as are missing, whichever have been chosen already.
  const anywhere = drawNumbers(Math.min(count, family.count), family.count, random);
  add([...anywhere], count - chosen.size);
  return shuffled([...chosen], random);
}
