import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { wipe, wipeableCopy } from './wipe.ts';

const REDACTED = '[secret]';

/**
 * Bytes that show themselves only when asked to. Text, JSON, inspection, template strings and
 * differences of assertions have `[secret]` in their place; a structured clone has nothing of them.
 * The bytes are copied in, into memory of their own, and are overwritten by `dispose`.
 */
export class Secret {
  readonly #bytes: Buffer;
  #isDisposed = false;

  constructor(source: Uint8Array) {
    if (!(source instanceof Uint8Array)) throw wrongArgument('type', 'a secret must be bytes');
    this.#bytes = wipeableCopy(source);
  }

  /** @throws CLOSED after `dispose` */
  get sizeBytes(): number {
    return this.#alive().length;
  }

  /**
   * The bytes themselves: zero from `dispose` on, and a change of them changes the secret.
   * @throws CLOSED after `dispose`
   */
  expose(): Uint8Array {
    const { buffer } = this.#alive();
    return new Uint8Array(buffer);
  }

  /**
   * Lends `use` a copy that is wiped as soon as it has returned, or its promise has settled, and
   * that a `dispose` meanwhile does not touch.
   * @throws CLOSED after `dispose`
   */
  withBytes<T>(use: (bytes: Uint8Array) => T): T {
    const lent = wipeableCopy(this.#alive());
    let isPending = false;
    try {
      const result = use(lent);
      if (!isThenable(result)) return result;
      isPending = true;
      // The same promise goes out: what it resolves to, or rejects with, is the caller's to handle.
      const wipeLent = () => wipe(lent);
      result.then(wipeLent, wipeLent);
      return result;
    } finally {
      if (!isPending) wipe(lent);
    }
  }

  /**
   * The secret as UTF-8 text. Strings cannot be wiped: prefer the bytes.
   * @throws CLOSED after `dispose`; FORMAT_INVALID when it is not UTF-8
   */
  text(): string {
    const bytes = this.#alive();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new HoldfastError('FORMAT_INVALID', 'the secret is not UTF-8 text');
    }
  }

  /**
   * Whether `other` has the same bytes, in a time that tells only whether the sizes differ.
   * @throws CLOSED after `dispose`
   */
  equals(other: Secret | Uint8Array): boolean {
    const mine = this.#alive();
    const others = other instanceof Secret ? other.#alive() : other;
    return mine.length === others.length && timingSafeEqual(mine, others);
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  dispose(): void {
    this.#isDisposed = true;
    wipe(this.#bytes);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }

  #alive(): Buffer<ArrayBufferLike> {
    if (this.#isDisposed) throw new HoldfastError('CLOSED', 'the secret was wiped');
    return this.#bytes;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
