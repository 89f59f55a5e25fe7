import type { Call } from './call.ts';
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

/** An entry of the list of events still to come: 2i is the invoke of call i, 2i + 1 its return. */
const HEAD = 0;

class Search {
  readonly #calls: readonly Call[];
  readonly #machine: Machine;
  readonly #deadline: number;
  readonly #seen: SeenConfigurations;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Of a call without return: the one before it that means the same, or -1. */
  readonly #twin: Int32Array;
  readonly #taken: Uint8Array;
  /** Calls in the order taken, the states before them, and whether there was nothing to choose. */
  readonly #order: number[] = [];
  readonly #states: StateId[] = [];
  readonly #isForced: boolean[] = [];
  /** Further states that the call on top may lead to. */
  readonly #others: (readonly StateId[])[] = [];
  #returnsLeft = 0;
  #best: readonly number[] = [];
  #stuck = -1;

  constructor(calls: readonly Call[], machine: Machine, { deadline, salt = 0 }: SearchOptions) {
    this.#calls = calls;
    this.#machine = machine;
    this.#deadline = deadline;
    const places = 2 * calls.length + 1;
    this.#next = new Int32Array(places + 1).fill(NONE);
    this.#previous = new Int32Array(places + 1).fill(NONE);
    this.#twin = twinsOf(calls, machine.tellsProcesses ?? false);
    this.#taken = new Uint8Array(calls.length);
    this.#seen = new SeenConfigurations(calls, salt);
    this.#link();
  }

  run(): Order {
    let state = this.#machine.init;
    let entry = this.#after(HEAD);
    for (let steps = 1; this.#returnsLeft > 0; steps += 1) {
      if (steps % STEPS_PER_LOOK === 0 && performance.now() > this.#deadline) {
        this.#noteBest();
        return this.#answer('exhausted');
      }
      const index = (entry - 1) >> 1;
      if (entry !== NONE && isInvoke(entry)) {
        const next = this.#try(state, index);
        if (next === NONE) entry = this.#after(entry);
        else {
          state = next;
          entry = this.#after(HEAD);
        }
        continue;
      }
      // A call must be taken before its return is passed: go back and choose otherwise.
      this.#noteBest(index);
      const back = this.#goBack();
      if (back === undefined) return this.#answer('illegal');
      [state, entry] = back;
    }
    return this.#answer('legal');
  }

  /** Takes the call if it can come next and leads to something new. */
  #try(state: StateId, index: number): StateId {
    const twin = this.#twin[index] ?? NONE;
    if (twin !== NONE && this.#taken[twin] === 0) return NONE;
    const found = this.#machine.step(state, index);
    if (typeof found !== 'number') return this.#tryEach(state, index, found);
    if (found === NONE) return NONE;
    const isPending = this.#calls[index]?.end === Number.POSITIVE_INFINITY;
    // What changes nothing and need not have happened is of no use.
    if (isPending && found === state) return NONE;
    this.#seen.flip(index);
    if (!this.#seen.add(found)) {
      this.#seen.flip(index);
      return NONE;
    }
    this.#take(state, index, this.#machine.observes(index), []);
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
    this.#lift(index);
  }

  /** Undoes takings until there is another choice: answers the state and the entry to go on from. */
  #goBack(): [StateId, number] | undefined {
    for (;;) {
      const others = this.#others.pop();
      if (others === undefined) return undefined;
      const [other, ...rest] = others;
      if (other !== undefined) {
        this.#others.push(rest);
        return [other, this.#after(HEAD)];
      }
      const index = this.#order.pop() ?? 0;
      const state = this.#states.pop() ?? 0;
      const isForced = this.#isForced.pop() ?? false;
      this.#taken[index] = 0;
      this.#seen.flip(index);
      this.#unlift(index);
      if (!isForced) return [state, this.#after(2 * index + 1)];
    }
  }

  #noteBest(stuck = NONE): void {
    if (this.#best.length > 0 && this.#order.length <= this.#best.length) return;
    this.#best = this.#order.slice();
    this.#stuck = stuck;
  }

  #answer(kind: Order['kind']): Order {
    const order = kind === 'legal' ? this.#order : this.#best;
    const callOf = (index: number) => this.#calls[index] as Call;
    return {
      kind,
      explained: order.length,
      stuck: kind === 'legal' || this.#stuck === NONE ? undefined : callOf(this.#stuck),
      order: order.map(callOf),
    };
  }

  #after(entry: number): number {
    return this.#next[entry] ?? NONE;
  }

  /** Links the events in real-time order. What never returned has an invoke only. */
  #link(): void {
    const returns: number[] = [];
    for (const [index, call] of this.#calls.entries()) {
      if (call.end !== Number.POSITIVE_INFINITY) returns.push(index);
    }
    const endOf = (index: number) => this.#calls[index]?.end ?? 0;
    returns.sort((a, b) => endOf(a) - endOf(b));
    this.#returnsLeft = returns.length;
    let last = HEAD;
    const append = (entry: number) => {
      this.#next[last] = entry;
      this.#previous[entry] = last;
      last = entry;
    };
    let at = 0;
    for (const [index, call] of this.#calls.entries()) {
      // At equal places an invoke comes first: what touched counts as concurrent.
      for (; at < returns.length && endOf(returns[at] as number) < call.begin; at += 1) {
        append(2 * (returns[at] as number) + 2);
      }
      append(2 * index + 1);
    }
    for (; at < returns.length; at += 1) append(2 * (returns[at] as number) + 2);
  }

  #lift(index: number): void {
    this.#unlink(2 * index + 1);
    if (this.#calls[index]?.end === Number.POSITIVE_INFINITY) return;
    this.#unlink(2 * index + 2);
    this.#returnsLeft -= 1;
  }

  /** In the reverse order of `lift`, so that each entry finds its neighbours as they were. */
  #unlift(index: number): void {
    if (this.#calls[index]?.end !== Number.POSITIVE_INFINITY) {
      this.#relink(2 * index + 2);
      this.#returnsLeft += 1;
    }
    this.#relink(2 * index + 1);
  }

  #unlink(entry: number): void {
    const previous = this.#previous[entry] as number;
    const next = this.#next[entry] as number;
    this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
  }

  #relink(entry: number): void {
    const previous = this.#previous[entry] as number;
    const next = this.#next[entry] as number;
    this.#next[previous] = entry;
    if (next !== NONE) this.#previous[next] = entry;
  }
}

/** Entry 0 is the head, 2i + 1 the invoke of call i, 2i + 2 its return. */
function isInvoke(entry: number): boolean {
  return (entry & 1) === 1;
}

/** Calls without return that ask the same are worth the same: only the first of them is tried. */
function twinsOf(calls: readonly Call[], tellsProcesses: boolean): Int32Array {
  const twins = new Int32Array(calls.length).fill(NONE);
  const last = new Map<string, number>();
  for (const [index, call] of calls.entries()) {
    if (call.end !== Number.POSITIVE_INFINITY) continue;
    const meaning = JSON.stringify([call.f, call.input, tellsProcesses ? call.process : 0]);
    twins[index] = last.get(meaning) ?? NONE;
    last.set(meaning, index);
  }
  return twins;
}
