import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';
import { UnseenLine } from './unseen-line.ts';

/** The terminal that this process belongs to, wherever its standard streams go. */
const TERMINAL = '/dev/tty';

/** More than is ever typed at once; a longer line comes in several pieces. */
const READ_BYTES = 4096;

/** Signals that end a process which does not expect them. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The terminal of this process with nothing shown of what is typed, until it is closed. It is set
 * back to what it was by `close`, when the process exits, and before a signal ends it. One of them
 * at a time, and nobody else may be reading the terminal meanwhile.
 */
export class SilentTerminal {
  readonly #output: number;
  readonly #input: ReadStream;
  readonly #line = new UnseenLine();
  /** What was typed before it was asked for. */
  #ahead = wipeable(0);
  #asked: PromiseWithResolvers<Buffer> | undefined;
  #isClosed = false;

  /** @throws CONFIG_INVALID when there is no terminal */
  constructor() {
    this.#output = openTerminal('w');
    // Into memory of ours: a stream would copy it, and free where it was read to as it is.
    const buffer = wipeable(READ_BYTES);
    const callback = (sizeBytes: number) => this.#take(buffer.subarray(0, sizeBytes));
    this.#input = new ReadStream(openTerminal('r'), { onread: { buffer, callback } });
    this.#input.setRawMode(true);
    this.#input.resume();
    process.on('exit', this.#setBack);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#passOn);
    this.#input.on('end', () => this.#fail(new HoldfastError('IO_ERROR', 'the terminal is gone')));
    this.#input.on('error', (cause) => {
      this.#fail(
        new HoldfastError('IO_ERROR', `cannot read the terminal: ${cause.message}`, { cause }),
      );
    });
  }

  /**
   * Shows a prompt and answers the line that is typed then, or was typed ahead, without its end;
   * the caller's to wipe. Ctrl-C interrupts this process, as it does on any terminal.
   * @throws AbortError after Ctrl-D, and after a signal that the process survives; the signal's
   * reason; FORMAT_INVALID beyond 1 MiB; IO_ERROR when the terminal is gone
   */
  async ask(prompt: string, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    const asked = Promise.withResolvers<Buffer>();
    this.#asked = asked;
    const abort = () => this.#fail(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      writeSync(this.#output, prompt);
      this.#read();
      return await asked.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#setBack();
    this.#isClosed = true;
    process.off('exit', this.#setBack);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#passOn);
    this.#input.destroy();
    closeSync(this.#output);
    wipe(this.#ahead);
    this.#line.wipe();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  readonly #setBack = (): void => {
    this.#input.setRawMode(false);
  };

  /** The signal does what it would have done without us. */
  readonly #passOn = (signal: NodeJS.Signals): void => {
    this.#fail(interrupted());
    this.close();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  /** True: there may be more. */
  #take(typed: Buffer): boolean {
    const ahead = wipeable(this.#ahead.length + typed.length);
    ahead.set(this.#ahead);
    ahead.set(typed, this.#ahead.length);
    wipe(this.#ahead, typed);
    this.#ahead = ahead;
    this.#read();
    return true;
  }

  #read(): void {
    const ahead = this.#ahead;
    let at = 0;
    while (this.#asked && at < ahead.length) {
      const byte = ahead[at] ?? 0;
      ahead[at] = 0;
      at += 1;
      this.#type(byte);
    }
    this.#ahead = ahead.subarray(at);
  }

  #type(byte: number): void {
    try {
      const state = this.#line.type(byte);
      if (state === 'entered') this.#answer(this.#line.take());
      if (state === 'end') this.#fail(interrupted());
      if (state === 'interrupt') this.#interrupt();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A terminal in raw mode does not send the signal. */
  #interrupt(): void {
    this.#fail(interrupted());
    this.close();
    process.kill(process.pid, 'SIGINT');
  }

  #answer(line: Buffer): void {
    // Nor was the end of the line shown.
    writeSync(this.#output, '\n');
    this.#asked?.resolve(line);
    this.#asked = undefined;
  }

  #fail(reason: unknown): void {
    if (this.#asked === undefined) return;
    this.#line.wipe();
    writeSync(this.#output, '\n');
    this.#asked.reject(reason);
    this.#asked = undefined;
  }
}

function interrupted(): DOMException {
  return new DOMException('the password was not entered', 'AbortError');
}

function openTerminal(mode: 'r' | 'w'): number {
  try {
    return openSync(TERMINAL, mode);
  } catch (cause) {
    throw new HoldfastError('CONFIG_INVALID', 'there is no terminal to ask for a password on', {
      cause,
    });
  }
}
