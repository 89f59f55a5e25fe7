import type { Algorithm } from './keys/algorithm.ts';
import type { KeyId } from './keys/key-id.ts';
import type { KeyInfo } from './keys/key-record.ts';
import type { KeyState } from './keys/key-state.ts';

/** Until when a key may be used, epoch ms; without end where nothing is said. */
export interface Validity {
  readonly encryptUntil?: number | undefined;
  /** Not before `encryptUntil`. */
  readonly decryptUntil?: number | undefined;
}

export interface CreateOptions extends Validity {
  /** Default `XChaCha20Poly1305`. */
  readonly algorithm?: Algorithm | undefined;
  /** A name for people; 1 to 200 characters. It need not be the only one of its kind. */
  readonly label?: string | undefined;
  /** 32 bytes to be kept in place of random ones. The caller's to wipe. */
  readonly material?: Uint8Array | undefined;
  /** A new one by default. */
  readonly id?: string | undefined;
}

export interface ExpectOptions {
  /** The version that the caller takes to be the latest; another one is a CONFLICT. */
  readonly expectedVersion?: number | undefined;
}

export interface RotateOptions extends Validity, ExpectOptions {
  /** Leaves the new version Pending, to be spread before `promote`. Default false. */
  readonly stage?: boolean | undefined;
}

/** What may be said anew of a key; `undefined` takes a limit or the label away. */
export interface KeyUpdate extends Validity {
  readonly label?: string | undefined;
}

export interface CleanupOptions {
  /** How many of the newest versions stay, whatever their state. */
  readonly keep: number;
  /** Of the others, only those that were made so long ago. Default 0: all. */
  readonly olderThanMs?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface KeyListOptions {
  readonly state?: KeyState | undefined;
  readonly algorithm?: Algorithm | undefined;
  readonly label?: string | undefined;
  /** Default 1,000; at most 10,000. */
  readonly limit?: number | undefined;
  /** `cursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** In the order of ids. */
export interface KeyPage {
  readonly items: readonly KeyInfo[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

export interface Rotated {
  readonly key: KeyInfo;
  /** False where another process has done it already. */
  readonly rotated: boolean;
}

export type { KeyId, KeyInfo };
