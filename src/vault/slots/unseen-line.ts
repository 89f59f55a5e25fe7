import { HoldfastError } from '../../errors.ts';
import { SecretBuilder } from '../hygiene/secret-builder.ts';
import { PASSWORD_BYTES_MAX } from './password.ts';

/** What a key did to a line: `interrupt` is Ctrl-C, `end` is Ctrl-D where nothing was typed. */
export type LineState = 'open' | 'entered' | 'interrupt' | 'end';

const INTERRUPT = 0x03;
const END = 0x04;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const ENTER = 0x0d;
const ERASE_LINE = 0x15;
const SUSPEND = 0x1a;
const QUIT = 0x1c;
const DELETE = 0x7f;

/**
 * A line that is typed on a terminal in raw mode, where the keys that erase are nobody's but ours.
 * Keys that would stop the program are dropped.
 */
export class UnseenLine {
  readonly #typed = new SecretBuilder();

  /**
   * Takes one byte.
   * @throws FORMAT_INVALID beyond 1 MiB
   */
  type(byte: number): LineState {
    switch (byte) {
      case ENTER:
      case LINE_FEED:
        return 'entered';
      case INTERRUPT:
        return 'interrupt';
      case END:
        return this.#typed.sizeBytes === 0 ? 'end' : 'open';
      case BACKSPACE:
      case DELETE:
        this.#eraseCharacter();
        return 'open';
      case ERASE_LINE:
        this.#typed.wipe();
        return 'open';
      case SUSPEND:
      case QUIT:
        return 'open';
      default:
        this.#append(byte);
        return 'open';
    }
  }

  /** What was typed, the caller's to wipe; the next line begins. */
  take(): Buffer {
    return this.#typed.take();
  }

  wipe(): void {
    this.#typed.wipe();
  }

  #append(byte: number): void {
    if (this.#typed.sizeBytes === PASSWORD_BYTES_MAX) {
      throw new HoldfastError(
        'FORMAT_INVALID',
        `more than ${PASSWORD_BYTES_MAX} bytes were typed as a password`,
      );
    }
    this.#typed.append(Uint8Array.of(byte));
  }

  /** One character of UTF-8: its first byte, and those after it that continue it. */
  #eraseCharacter(): void {
    const typed = this.#typed.view();
    let size = typed.length - 1;
    while (size > 0 && ((typed[size] ?? 0) & 0xc0) === 0x80) size -= 1;
    this.#typed.truncate(Math.max(size, 0));
  }
}
