import type { Random } from '../../src/torture/declare/random.ts';
import type { Vault } from '../../src/vault.ts';
import type { Claim, VaultEntry } from './claims.ts';

/** One call of a vault, with what it makes of it. */
export interface Operation {
  readonly entry: Omit<VaultEntry, 'event'>;
  /** Answers what can be said only then. Where it did not happen, it can be run again. */
  readonly run: () => Promise<readonly Claim[]>;
}

export interface Actor {
  readonly vault: Vault;
  /** All that it makes has names that begin so: it is alone there. */
  readonly room: string;
  /** A directory of its own. */
  readonly home: string;
  readonly random: Random;
  /** A deliberate fault: what should be one transaction is two. */
  readonly isSplit?: boolean;
}

/** Operations without end. The next is asked for when the last one has happened. */
export type Program = (actor: Actor) => AsyncGenerator<Operation, void>;
