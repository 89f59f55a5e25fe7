import { wrongArgument } from '../../errors.ts';
import { Automaton } from './automaton.ts';
import { eachForm } from './forms.ts';
import { Masker } from './masker.ts';
import { Secret } from './secret.ts';
import { Trie } from './trie.ts';
import { wipe } from './wipe.ts';

/** Secrets by name: a `Map`, or `Object.entries` of an object. */
export type NamedSecrets = Iterable<readonly [name: string, secret: Secret | Uint8Array]>;

export interface Scrubbed {
  readonly text: string;
  /** Names of the secrets that stood in the text, each once, in the order in which they were given. */
  readonly found: readonly string[];
  /** Names of the secrets that were not looked for, see `SCRUB_BYTES_MIN`. */
  readonly tooShort: readonly string[];
}

/** A shorter secret is not looked for: it would be found everywhere by chance. */
export const SCRUB_BYTES_MIN = 4;

/** The longest secret, and all together: 64 KiB of random bytes take tables of some 30 MB. */
const SECRET_BYTES_MAX = 64 * 1024;
const SECRETS_BYTES_MAX = 256 * 1024;

/**
 * Finds given secrets in text, in the forms of `eachForm`, to show that they leaked and to keep
 * them from leaking further. It helps against accidents: who has a secret can write it down in
 * other ways. Make one for many texts: a thousand secrets take about a second, and reading some 50
 * MB a second whatever their number.
 */
export class Scrubber {
  readonly #names: readonly string[];
  readonly #automaton: Automaton;
  /** Names of the secrets that are not looked for, see `SCRUB_BYTES_MIN`. */
  readonly tooShort: readonly string[];

  /** @throws RangeError for a secret beyond 64 KiB, and beyond 256 KiB of them together */
  constructor(secrets: NamedSecrets) {
    const named = [...secrets].map(
      ([name, secret]) => [name, secret instanceof Secret ? secret.expose() : secret] as const,
    );
    checkSizes(named);
    const trie = new Trie();
    for (const [owner, [, bytes]] of named.entries()) {
      if (isTooShort(bytes)) continue;
      eachForm(bytes, (form, around) => trie.add(form, owner, around));
    }
    this.#names = named.map(([name]) => name);
    this.tooShort = [
      ...new Set(named.filter(([, bytes]) => isTooShort(bytes)).map(([name]) => name)),
    ];
    this.#automaton = new Automaton(trie);
    trie.wipe();
  }

  /** A text without the secrets: each run of what they cover is `***`. */
  scrub(text: string): Scrubbed {
    const bytes = Buffer.from(text);
    const masker = this.masker();
    const scrubbed = Buffer.concat([masker.push(bytes), masker.end()]);
    wipe(bytes);
    const found = this.namesOf(masker);
    // Text that is not well-formed stays what it is when nothing need be taken out.
    return {
      text: found.length === 0 ? text : scrubbed.toString(),
      found,
      tooShort: this.tooShort,
    };
  }

  /** For one text that arrives in pieces. */
  masker(): Masker {
    return new Masker(this.#automaton);
  }

  /** Names of what a masker has found, each once, in the order in which they were given. */
  namesOf(masker: Masker): readonly string[] {
    const { owners } = masker;
    return [...new Set(this.#names.filter((_, owner) => owners.has(owner)))];
  }

  /** Forgets the secrets: from then on it throws CLOSED, as do its maskers. */
  dispose(): void {
    this.#automaton.wipe();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function isTooShort(secret: Uint8Array): boolean {
  return secret.length < SCRUB_BYTES_MIN;
}

function checkSizes(named: readonly (readonly [string, Uint8Array])[]): void {
  let sizeBytes = 0;
  for (const [name, { length }] of named) {
    sizeBytes += length;
    if (length <= SECRET_BYTES_MAX && sizeBytes <= SECRETS_BYTES_MAX) continue;
    throw wrongArgument(
      'range',
      `cannot look for ${JSON.stringify(name)}: a secret may have ${SECRET_BYTES_MAX} bytes, ` +
        `and all of them ${SECRETS_BYTES_MAX}`,
    );
  }
}

/** See `Scrubber`, which spares the making when there is more than one text. */
export function scrub(text: string, secrets: NamedSecrets): Scrubbed {
  using scrubber = new Scrubber(secrets);
  return scrubber.scrub(text);
}
