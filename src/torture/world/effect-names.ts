import type { Disk } from './disk.ts';
import type { Effect } from './effect.ts';
import type { Fate, Torn, Write } from './fates.ts';
import { pathsOf } from './tree.ts';

/** Effects in words, files by the last path that they had. */
export class EffectNames {
  readonly #effects: readonly Effect[];
  readonly #paths = new Map<number, string>();

  constructor(base: Disk, effects: readonly Effect[]) {
    this.#effects = effects;
    for (const [path, { ino }] of pathsOf(base)) this.#paths.set(ino, path);
    for (const effect of effects) {
      if (effect.kind === 'link') this.#paths.set(effect.ino, this.#at(effect.parent, effect.name));
      if (effect.kind === 'rename') {
        this.#paths.set(effect.ino, this.#at(effect.toParent, effect.toName));
      }
    }
  }

  /** What was lost: `rename /a.tmp -> /a, 12 bytes of /a from 0`. */
  describe(fates: readonly Fate[]): string {
    const lost = this.#effects.flatMap((effect, index) => {
      const fate = fates[index];
      return fate === 'kept' || fate === undefined ? [] : [this.#lost(effect, fate)];
    });
    return lost.length === 0 ? 'nothing was lost' : `lost: ${lost.join(', ')}`;
  }

  #lost(effect: Effect, fate: 'lost' | Torn): string {
    switch (effect.kind) {
      case 'link':
        return `new name ${this.#at(effect.parent, effect.name)}`;
      case 'unlink':
        return `removal of ${this.#at(effect.parent, effect.name)}`;
      case 'rename': {
        const to = this.#at(effect.toParent, effect.toName);
        return `rename ${this.#at(effect.parent, effect.name)} -> ${to}`;
      }
      case 'truncate':
        return `cut of ${this.#path(effect.ino)} to ${effect.size} bytes`;
      case 'write':
        return this.#lostBytes(effect, fate);
      default:
        return effect.kind;
    }
  }

  #lostBytes({ ino, offset, data }: Write, fate: 'lost' | Torn): string {
    const path = this.#path(ino);
    if (fate === 'lost') return `${data.length} bytes of ${path} from ${offset}`;
    if (fate.isSizeKept)
      return `${data.length} bytes of ${path} from ${offset}, which are zeros now`;
    const [from, to] = fate.from === 0 ? [fate.to, data.length] : [0, fate.from];
    return `${to - from} of ${data.length} bytes of ${path} from ${offset + from}`;
  }

  #path(ino: number): string {
    return this.#paths.get(ino) ?? `inode ${ino}`;
  }

  #at(parent: number, name: string): string {
    return `${this.#paths.get(parent) ?? ''}/${name}`;
  }
}
