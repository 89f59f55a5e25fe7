import { drained, pause } from './event-loop.ts';

/** Something that a client has begun and that the rig does not control. */
export interface Outside {
  readonly id: number;
  /** As Node calls it: `ZLIB`, `FSREQPROMISE`. */
  readonly name: string;
  /** Whether it is over with its first answer; else it may tell something again and again. */
  readonly isRequest: boolean;
  /** Whether it only takes its time, and always comes to the same. */
  readonly isComputation: boolean;
  /** Asked when it has begun: what Node does at once has the same names. */
  isUnderWay(): boolean;
}

/**
 * What the clients of one schedule have begun outside of the simulation. The rig waits for it before
 * it goes on, so that it is over at the same place in each schedule.
 */
export class OutsideWork {
  /** Names of what depends on others than the clients. */
  readonly foreign = new Set<string>();
  /** Names of computations. */
  readonly computations = new Set<string>();
  readonly #begun = new Map<number, Outside>();
  /** What is not over, and whether it is a request. */
  readonly #open = new Map<number, boolean>();
  /** Of that what has begun or told something since the last step. */
  readonly #fresh = new Map<number, boolean>();

  /** Whether anything is not over. */
  get isOpen(): boolean {
    return this.#open.size + this.#begun.size > 0;
  }

  /** Whether anything has begun or told something since the last step. */
  get isFresh(): boolean {
    return this.#begun.size + this.#fresh.size > 0;
  }

  begin(work: Outside): void {
    this.#begun.set(work.id, work);
  }

  /** It has told something. */
  hear(id: number): void {
    const begun = this.#begun.get(id);
    if (begun) this.#admit(begun);
    const isRequest = this.#open.get(id);
    if (isRequest) this.end(id);
    else if (isRequest === false) this.#fresh.set(id, isRequest);
  }

  end(id: number): void {
    this.#begun.delete(id);
    this.#open.delete(id);
    this.#fresh.delete(id);
  }

  clear(): void {
    this.#begun.clear();
    this.#open.clear();
    this.#fresh.clear();
  }

  /**
   * Waits for requests, and for others as long as nobody has come to the next call, no longer than
   * that in real time.
   */
  async settle(limitMs: number, hasNews: () => boolean): Promise<void> {
    if (!this.isFresh) return;
    const deadline = performance.now() + limitMs;
    while (this.#isOnHold(hasNews) && performance.now() < deadline) await pause();
    this.#fresh.clear();
    await drained();
  }

  #isOnHold(hasNews: () => boolean): boolean {
    for (const work of this.#begun.values()) {
      if (work.isUnderWay()) this.#admit(work);
      else this.end(work.id);
    }
    for (const isRequest of this.#fresh.values()) if (isRequest) return true;
    return this.#fresh.size > 0 && !hasNews();
  }

  #admit({ id, name, isRequest, isComputation }: Outside): void {
    this.#begun.delete(id);
    this.#open.set(id, isRequest);
    this.#fresh.set(id, isRequest);
    (isComputation ? this.computations : this.foreign).add(name);
  }
}
