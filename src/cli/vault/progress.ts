import { isatty } from 'node:tty';
import { writeAll } from '../output.ts';

/** What is quicker tells nothing. */
const AFTER_MS = 1000;
/** Of a terminal, whose line is written over, and of a log. */
const EVERY_MS = { terminal: 200, log: 10_000 };
const CLEARED_LINE = '\r\x1b[K';

/** Shows on stderr how far something is that takes long. */
export class Progress {
  readonly #what: string;
  readonly #isTerminal = isatty(2);
  #nextAt = performance.now() + AFTER_MS;
  #isShown = false;

  /** `what` is what is done. */
  constructor(what: string) {
    this.#what = what;
  }

  readonly tell = (done: number | string, total?: number): void => {
    const now = performance.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + (this.#isTerminal ? EVERY_MS.terminal : EVERY_MS.log);
    this.#isShown = true;
    const text = `${this.#what}: ${done}${total === undefined ? '' : ` of ${total}`}`;
    void writeAll(2, this.#isTerminal ? `${CLEARED_LINE}${text}` : `${text}\n`);
  };

  [Symbol.dispose](): void {
    if (this.#isShown && this.#isTerminal) void writeAll(2, CLEARED_LINE);
  }
}
