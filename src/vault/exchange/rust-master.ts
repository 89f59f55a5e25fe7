import { HoldfastError, wrongArgument } from '../../errors.ts';
import { openAead } from '../crypto/aead.ts';
import { type Argon2Params, argon2id } from '../crypto/argon2.ts';
import { wipe, wipeableCopy } from '../hygiene/wipe.ts';
import { type AeadAlgorithm, KEY_BYTES, NONCE_BYTES } from '../keys/algorithm.ts';

/** With what the keys of a directory are encrypted. */
export type RustUnlock =
  | {
      readonly password: Uint8Array;
      /** Costs of the key derivation, which no file tells; unless told, all presets are tried. */
      readonly params?: Argon2Params | undefined;
    }
  /** 32 bytes that the vault was given in place of a password. */
  | { readonly masterKey: Uint8Array };

/** rust-keyvault's balanced (the default), high_security and fast_insecure. */
const PRESETS: readonly Argon2Params[] = [
  { memoryKib: 19_456, passes: 3, parallelism: 4 },
  { memoryKib: 65_536, passes: 4, parallelism: 4 },
  { memoryKib: 8192, passes: 1, parallelism: 1 },
];

const AAD = Buffer.from('rust-keyvault-key-encryption');

/** The keys that may open what is in a directory, derived only as far as they are needed. */
export class MasterKeys {
  readonly #unlock: RustUnlock;
  readonly #salt: Uint8Array;
  readonly #signal: AbortSignal | undefined;
  readonly #derived: Buffer[] = [];
  readonly #untried: Argon2Params[];

  constructor(unlock: RustUnlock, salt: Uint8Array, signal: AbortSignal | undefined) {
    this.#unlock = unlock;
    this.#salt = salt;
    this.#signal = signal;
    if ('masterKey' in unlock) {
      if (unlock.masterKey.length !== KEY_BYTES) {
        throw wrongArgument('range', `a master key has ${KEY_BYTES} bytes`);
      }
      this.#derived.push(wipeableCopy(unlock.masterKey));
      this.#untried = [];
    } else {
      this.#untried = unlock.params ? [unlock.params] : [...PRESETS];
    }
  }

  /** The 32 bytes of a key, or undefined when none of the master keys opens it. */
  async open(encryptedKey: Uint8Array): Promise<Buffer | undefined> {
    for (const master of this.#derived) {
      const opened = this.#openWith(master, encryptedKey);
      if (opened) return opened;
    }
    const master = await this.#next();
    return master && (this.#openWith(master, encryptedKey) ?? this.open(encryptedKey));
  }

  wipe(): void {
    wipe(...this.#derived);
  }

  async #next(): Promise<Buffer | undefined> {
    const params = this.#untried.shift();
    if (params === undefined || !('password' in this.#unlock)) return undefined;
    const master = await argon2id(this.#unlock.password, this.#salt, params, this.#signal);
    this.#derived.push(master);
    return master;
  }

  #openWith(master: Buffer, encryptedKey: Uint8Array): Buffer | undefined {
    for (const algorithm of this.#algorithms(encryptedKey.length)) {
      const nonce = encryptedKey.subarray(0, NONCE_BYTES[algorithm]);
      const sealed = encryptedKey.subarray(nonce.length);
      try {
        return openAead(algorithm, master, { nonce, aad: AAD, sealed });
      } catch (error) {
        const isForeign = error instanceof HoldfastError && error.code === 'DECRYPT_FAILED';
        if (!isForeign) throw error;
      }
    }
    return undefined;
  }

  /** No file tells the algorithm either; a password gives a key of ChaCha20-Poly1305. */
  #algorithms(lengthBytes: number): readonly AeadAlgorithm[] {
    if (lengthBytes === ENCRYPTED_BYTES.long) return ['XChaCha20Poly1305'];
    return 'masterKey' in this.#unlock ? ['ChaCha20Poly1305', 'Aes256Gcm'] : ['ChaCha20Poly1305'];
  }
}

/**
 * The lengths of an encrypted key; one in the clear has 32.
 *
 *     0      · 12 or 24 · nonce
 *     nonce  · 32       · the encrypted key
 *     end-16 · 16       · tag
 */
export const ENCRYPTED_BYTES = { short: 60, long: 72 } as const;
