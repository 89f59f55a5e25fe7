import { availableParallelism } from 'node:os';

const never = new Int32Array(new SharedArrayBuffer(4));

/** `process.hrtime.bigint()` of all processes of one machine is one clock (CLOCK_MONOTONIC). */
export type Instant = bigint;

/** Spinning on more threads than there are processors only takes time from those that should run. */
export function maySpin(workers: number): boolean {
  return workers <= availableParallelism();
}

/** Blocks this thread until `deadline`; spins for the last millisecond where it may. */
export function waitUntil(deadline: Instant, spins: boolean): void {
  const sleepNs = deadline - process.hrtime.bigint() - (spins ? SPIN_NS : 0n);
  if (sleepNs > 0n) Atomics.wait(never, 0, 0, Number(sleepNs) / 1e6);
  while (process.hrtime.bigint() < deadline);
}

/** More than a timer is late as a rule, on a machine that is not idle. */
const SPIN_NS = 1_000_000n;

/** Where threads wait for the start of a round: turn number and deadline in shared memory. */
export class Gate {
  readonly memory: SharedArrayBuffer;
  readonly #turn: Int32Array;
  readonly #deadline: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#turn = new Int32Array(memory, 0, 1);
    this.#deadline = new BigInt64Array(memory, 8, 1);
  }

  /** The number that the next `open` will have. */
  get nextTurn(): number {
    return Atomics.load(this.#turn, 0) + 1;
  }

  open(deadline: Instant): void {
    Atomics.store(this.#deadline, 0, deadline);
    Atomics.add(this.#turn, 0, 1);
    Atomics.notify(this.#turn, 0);
  }

  /** Blocks until the gate is opened for this turn and answers the deadline. */
  pass(turn: number): Instant {
    Atomics.wait(this.#turn, 0, turn - 1);
    return Atomics.load(this.#deadline, 0);
  }
}
