import { getHeapStatistics } from 'node:v8';
import type { Call } from './call.ts';
import { callOf, EventList, invokeOf, isInvoke, isPending } from './event-list.ts';
import { type Machine, NONE, type StateId } from './machine.ts';
import { SeenConfigurations } from './seen.ts';

/** What a search for an order comes to. */
export interface Order {
  readonly kind: 'legal' | 'illegal' | 'exhausted';
  /** As many calls as some order explains. */
  readonly explained: number;
  /** The call that no continuation of that order reaches in time. */
  readonly stuck: Call | undefined;
  /** The calls in the order that explains most of them. */
  readonly order: readonly Call[];
}

export interface SearchOptions {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  /** Draws the hashes: two searches with different salts do not share a collision. */
  readonly salt?: number | undefined;
}

const STEPS_PER_LOOK = 4096;

/** Of the heap, for the states that a machine has been in; the rest is for what holds the history. */
const HEAP_SHARE_MAX = 0.75;

/**
 * Looks for an order of the calls that respects real time and that the machine explains: Wing and
 * Gong's search over the calls that may come next, with Lowe's memory of the configurations seen.
 * `calls` are sorted by `begin`; none of them is a failure that did not happen. Those that never
 * returned may be left out.
 *
 * Configurations are remembered by a 53-bit hash of the calls taken and the state. A collision can
 * only prune, so it can make a legal history look illegal and never the reverse: the caller repeats
 * an `illegal` with another salt.
 */
export function searchOrder(
  calls: readonly Call[],
  machine: Machine,
  options: SearchOptions,
): Order {
  return new Search(calls, machine, options).run();
}

/**
 * The search walks a list of events in real-time order. A call that may come next is taken: its
 * invoke and return leave the list, and the walk begins again. When the walk meets a return, the
 * call that it belongs to has to be taken before, so one of the calls that never returned may help;
 * else the last choice is undone, and the walk goes on behind it.
 */
class Search {
  readonly #calls: readonly Call[];
  readonly #machine: Machine;
  readonly #deadline: number;
  readonly #seen: SeenConfigurations;
  readonly #events: EventList;
  /** Calls that never returned, and of each the one before it that means the same, or NONE. */
  readonly #pending: Int32Array;
  readonly #twin: Int32Array;
  readonly #taken: Uint8Array;
  /** Calls in the order taken, the states before them, and whether there was nothing to choose. */
  readonly #order: number[] = [];
  readonly #states: StateId[] = [];
  readonly #isForced: boolean[] = [];
  /** Further states that the call on top may lead to. */
  readonly #others: (readonly StateId[])[] = [];
  /** Where the walk stands: at an entry or, stopped by a return, at a place in `#pending`. */
  #entry = NONE;
  #pendingAt = NONE;
  #best: readonly number[] = [];
  #stuck = NONE;

  constructor(calls: readonly Call[], machine: Machine, { deadline, salt = 0 }: SearchOptions) {
    this.#calls = calls;
    this.#machine = machine;
    this.#deadline = deadline;
    this.#events = new EventList(calls);
    this.#pending = Int32Array.from(calls.keys()).filter((index) => isPending(calls[index]));
    this.#twin = twinsOf(calls, machine.tellsProcesses ?? false);
    this.#taken = new Uint8Array(calls.length);
    this.#seen = new SeenConfigurations(calls, salt);
  }

  run(): Order {
    let state = this.#machine.init;
    this.#walkAgain();
    for (let steps = 1; this.#events.returnsLeft > 0; steps += 1) {
      if (steps % STEPS_PER_LOOK === 0 && this.#mustEnd()) {
        this.#noteBest();
        return this.#answer('exhausted');
      }
      const index = this.#candidate();
      if (index !== NONE) {
        const next = this.#try(state, index);
        if (next === NONE) this.#walkOn();
        else {
          state = next;
          this.#walkAgain();
        }
        continue;
      }
      const back = this.#goBack();
      if (back === undefined) return this.#answer('illegal');
      state = back;
    }
    return this.#answer('legal');
  }

  /** A search that runs out of memory would take its findings along. */
  #mustEnd(): boolean {
    if (performance.now() > this.#deadline || this.#seen.isFull) return true;
    const { heap_size_limit, used_heap_size } = getHeapStatistics();
    return used_heap_size > HEAP_SHARE_MAX * heap_size_limit;
  }

  /** The call that the walk stands at, or NONE at its end. */
  #candidate(): number {
    if (this.#pendingAt === NONE) {
      if (isInvoke(this.#entry)) return callOf(this.#entry);
      this.#noteBest(callOf(this.#entry));
      this.#pendingAt = 0;
    }
    const limit = this.#calls[callOf(this.#entry)]?.end ?? 0;
    for (; this.#pendingAt < this.#pending.length; this.#pendingAt += 1) {
      const index = this.#pending[this.#pendingAt] as number;
      if ((this.#calls[index]?.begin ?? 0) > limit) break;
      const twin = this.#twin[index] as number;
      const isFirst = twin === NONE || this.#taken[twin] === 1;
      if (this.#taken[index] === 0 && isFirst) return index;
    }
    return NONE;
  }

  #walkOn(): void {
    if (this.#pendingAt === NONE) this.#entry = this.#events.after(this.#entry);
    else this.#pendingAt += 1;
  }

  #walkAgain(): void {
    this.#entry = this.#events.first;
    this.#pendingAt = NONE;
  }

  /** Puts the walk back behind a call that was taken and is not any more. */
  #walkBehind(index: number): void {
    if (!isPending(this.#calls[index])) {
      this.#entry = this.#events.after(invokeOf(index));
      this.#pendingAt = NONE;
      return;
    }
    this.#entry = this.#events.first;
    while (isInvoke(this.#entry)) this.#entry = this.#events.after(this.#entry);
    this.#pendingAt = this.#pending.indexOf(index) + 1;
  }

  /** Takes the call if it leads to something new; answers the state after it. */
  #try(state: StateId, index: number): StateId {
    const found = this.#machine.step(state, index);
    if (typeof found !== 'number') return this.#tryEach(state, index, found);
    if (found === NONE) return NONE;
    // What changes nothing and need not have happened is of no use.
    if (found === state && isPending(this.#calls[index])) return NONE;
    this.#seen.flip(index);
    if (!this.#seen.add(found)) {
      this.#seen.flip(index);
      return NONE;
    }
    this.#take(state, index, this.#machine.isFree(state, index), []);
    return found;
  }

  #tryEach(state: StateId, index: number, states: readonly StateId[]): StateId {
    this.#seen.flip(index);
    const fresh = states.filter((one) => one !== NONE && this.#seen.add(one));
    const [first, ...others] = fresh;
    if (first === undefined) {
      this.#seen.flip(index);
      return NONE;
    }
    this.#take(state, index, false, others);
    return first;
  }

  #take(state: StateId, index: number, isForced: boolean, others: readonly StateId[]): void {
    this.#order.push(index);
    this.#states.push(state);
    this.#isForced.push(isForced);
    this.#others.push(others);
    this.#taken[index] = 1;
    if (!isPending(this.#calls[index])) this.#events.lift(index);
  }

  /** Undoes takings until there is another choice; answers the state to go on from. */
  #goBack(): StateId | undefined {
    for (;;) {
      const others = this.#others.pop();
      if (others === undefined) return undefined;
      const [other, ...rest] = others;
      if (other !== undefined) {
        this.#others.push(rest);
        this.#walkAgain();
        return other;
      }
      const index = this.#order.pop() as number;
      const state = this.#states.pop() as number;
      const isForced = this.#isForced.pop();
      this.#taken[index] = 0;
      this.#seen.flip(index);
      if (!isPending(this.#calls[index])) this.#events.unlift(index);
      if (isForced) continue;
      this.#walkBehind(index);
      return state;
    }
  }

  #noteBest(stuck = NONE): void {
    if (this.#best.length > 0 && this.#order.length <= this.#best.length) return;
    this.#best = this.#order.slice();
    this.#stuck = stuck;
  }

  #answer(kind: Order['kind']): Order {
    const order = kind === 'legal' ? this.#order : this.#best;
    return {
      kind,
      explained: order.length,
      stuck: kind === 'legal' || this.#stuck === NONE ? undefined : this.#calls[this.#stuck],
      order: order.map((index) => this.#calls[index] as Call),
    };
  }
}

/** Calls without return that ask the same are worth the same: only the first of them is tried. */
function twinsOf(calls: readonly Call[], tellsProcesses: boolean): Int32Array {
  const twins = new Int32Array(calls.length).fill(NONE);
  const last = new Map<string, number>();
  for (const [index, call] of calls.entries()) {
    if (!isPending(call)) continue;
    const meaning = JSON.stringify([call.f, call.input, tellsProcesses ? call.process : 0]);
    twins[index] = last.get(meaning) ?? NONE;
    last.set(meaning, index);
  }
  return twins;
}
