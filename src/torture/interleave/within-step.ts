/** Who did what again and again in one step, in which nobody else could go on. */
export interface HeldUp {
  readonly client: number;
  readonly what: string;
}

/** How often one thing is done in a step before it is taken for a loop that waits for others. */
const REPEATED_MAX = 500_000;

/** A call that fails counts for more: that is what loops wait for. */
const FAILED_WEIGHT = 40;

/** A loop that goes on although it was told to end catches whatever is thrown. */
const SWALLOWED_MAX = REPEATED_MAX + 100_000;

/** Looks at the clock after which it shows that time passes, and then again ten times as fast. */
const LOOKS = 2000;
const LOOK_MS = 0.05;
const LOOK_WEIGHT = 4;
const FASTER_MAX = 4;

/**
 * What code does in one step, without letting anybody else go on. A loop that holds its process up
 * until others have done something would hold up this thread for ever.
 */
export class WithinStep {
  /** Once it was too much. */
  heldUp: HeldUp | undefined;
  readonly #counts = new Map<string, number>();
  #looks = 0;

  /** The next step begins. */
  clear(): void {
    this.#looks = 0;
    if (this.#counts.size > 0) this.#counts.clear();
  }

  /**
   * A client does something that is over at once.
   * @throws Error when it has done so too often
   */
  note(client: number, what: string, weight = 1): void {
    const count = (this.#counts.get(what) ?? 0) + weight;
    this.#counts.set(what, count);
    if (count < REPEATED_MAX) return;
    this.heldUp ??= { client, what };
    if (count > SWALLOWED_MAX) lastResort?.(this.heldUp);
    throw new Error(`${what} over and over, in a process that nobody else can come between`);
  }

  /** The same, and it has failed. */
  noteFailed(client: number, what: string): void {
    this.note(client, what, FAILED_WEIGHT);
  }

  /**
   * A client looks what time it is. Answers by how many ms time has passed: a loop that waits for a
   * time to come must see it come.
   */
  look(client: number): number {
    this.#looks += 1;
    if (this.#looks < LOOKS) return 0;
    this.note(client, 'a look at the clock', LOOK_WEIGHT);
    return LOOK_MS * 10 ** Math.min(FASTER_MAX, Math.floor(this.#looks / LOOKS) - 1);
  }
}

let lastResort: ((heldUp: HeldUp) => void) | undefined;

/** What ends this thread when code cannot be ended by throwing; replaces the one before. */
export function endThreadBy(end: ((heldUp: HeldUp) => void) | undefined): void {
  lastResort = end;
}
