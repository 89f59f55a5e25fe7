import { Random } from '../declare/random.ts';
import { allChoices, type Choose, someChoices } from './choices.ts';
import type { Disk, EffectLog } from './disk.ts';
import type { Effect } from './effect.ts';
import { EffectNames } from './effect-names.ts';
import type { Fate, PersistenceModel, Write } from './fates.ts';
import { orderedFates } from './ordered-model.ts';
import { fingerprint } from './tree.ts';
import { unorderedFates } from './unordered-model.ts';

export interface CrashOptions {
  /** `ordered`: as ext4 by default. `none`: as little as POSIX promises. */
  readonly model: 'ordered' | 'none';
  /** Effects that had happened; all of them when it is left out. */
  readonly at?: number | undefined;
  readonly seed: string;
  /** Images at most. When there are no more than that, all of them come. */
  readonly limit: number;
}

/** A disk as it may be found after a crash. */
export interface CrashImage {
  /** What was lost. */
  readonly describe: string;
  readonly disk: Disk;
}

const models: Readonly<Record<CrashOptions['model'], PersistenceModel>> = {
  ordered: orderedFates,
  none: unorderedFates,
};

/**
 * The disks that a power cut may leave, each once; the first has lost nothing, where there are more
 * than `limit` the second has lost all that it could. Modes and times are those of the beginning.
 */
export function* crashImages(log: EffectLog, options: CrashOptions): Generator<CrashImage> {
  const effects = log.effects.slice(0, options.at);
  const { base } = log;
  const sizeBefore = (ino: number) => (base.has(ino) ? base.inode(ino).size : undefined);
  const plan = models[options.model](effects, sizeBefore);
  const names = new EffectNames(base, effects);
  const seen = new Set<string>();
  for (const fates of plansOf(plan, options)) {
    const disk = imageOf(base, effects, fates);
    const key = fingerprint(disk);
    if (seen.has(key)) continue;
    seen.add(key);
    yield { describe: names.describe(fates), disk };
    if (seen.size === options.limit) return;
  }
}

/** After `kill -9`: the system goes on, so nothing is lost. */
export function processCrash(disk: Disk): CrashImage {
  return { describe: 'nothing was lost', disk: disk.fork() };
}

/** Plans for one image; of many, several may come to the same. */
const PLANS_PER_IMAGE = 8;

function* plansOf(
  plan: (choose: Choose) => Fate[],
  { limit, seed }: CrashOptions,
): Generator<Fate[]> {
  const most = limit * PLANS_PER_IMAGE;
  const all = allChoices(plan, most);
  if (all === undefined) yield* someChoices(plan, new Random(seed)).take(most);
  else if (all.length <= limit) yield* all;
  else yield* mixed(all, new Random(seed));
}

/** The extremes, then the others in an order that is drawn: only some of them will be used. */
function* mixed(plans: readonly Fate[][], random: Random): Generator<Fate[]> {
  yield plans[0] as Fate[];
  yield plans.at(-1) as Fate[];
  const rest = plans.slice(1, -1);
  while (rest.length > 0) yield* rest.splice(random.int(rest.length), 1);
}

function imageOf(base: Disk, effects: readonly Effect[], fates: readonly Fate[]): Disk {
  const disk = base.fork();
  effects.forEach((effect, index) => {
    const fate = fates[index] as Fate;
    if (fate !== 'lost') apply(disk, effect, fate);
  });
  disk.repair();
  return disk;
}

function apply(disk: Disk, effect: Effect, fate: Exclude<Fate, 'lost'>): void {
  switch (effect.kind) {
    case 'create':
      disk.create(effect.mode, effect.target, effect.ino);
      break;
    case 'link':
      disk.putEntry(effect.parent, effect.name, effect.ino);
      break;
    case 'unlink':
      disk.putEntry(effect.parent, effect.name, undefined);
      break;
    case 'rename':
      disk.putEntry(effect.parent, effect.name, undefined);
      disk.putEntry(effect.toParent, effect.toName, effect.ino);
      break;
    case 'truncate':
      disk.truncate(effect.ino, effect.size);
      break;
    case 'write':
      applyWrite(disk, effect, fate);
      break;
    default:
  }
}

function applyWrite(disk: Disk, { ino, offset, data }: Write, fate: Exclude<Fate, 'lost'>): void {
  if (fate === 'kept') {
    disk.write(ino, offset, data);
    return;
  }
  if (fate.to > fate.from) disk.write(ino, offset + fate.from, data.subarray(fate.from, fate.to));
  const end = offset + data.length;
  if (fate.isSizeKept && disk.inode(ino).size < end) disk.truncate(ino, end);
}
