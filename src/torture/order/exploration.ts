import type { StateId } from '../check/machine.ts';
import type { DeclaredMachine } from './declared-machine.ts';
import type { Outlooks } from './outlooks.ts';
import type { TakenSets } from './taken-sets.ts';

/** What becomes of strict operations among relaxed ones. */
export interface Explanation {
  /** `undecided` after the deadline, or where somebody may have done anything whatever. */
  readonly kind: 'illegal' | 'possible' | 'undecided';
  /** The order that explains most of the strict ones, by their numbers. */
  readonly order: readonly number[];
  /** The strict one that no continuation of it reaches in time. */
  readonly stuck: number | undefined;
  /** A state in which that order ends. */
  readonly state: unknown;
}

/** When the relaxed operations with one question began. */
export interface Begins {
  readonly question: number;
  readonly starts: readonly number[];
}

export interface ExplorationOptions {
  readonly deadline: number;
  readonly machine: DeclaredMachine;
  readonly outlooks: Outlooks;
  readonly strict: readonly number[];
  readonly taken: TakenSets;
  /** By question, the first to begin first. */
  readonly begins: readonly Begins[];
  /** Name of an operation, and those of which it is known that they do more than look. */
  readonly nameOf: (index: number) => string;
  readonly movers: Set<string>;
  /** Whether there is no answer beside the known ones. */
  readonly knowsAll: (question: number) => boolean;
}

interface Node {
  readonly taken: number;
  readonly state: StateId;
  /** How many relaxed operations of each question came before, in the order of `begins`. */
  readonly used: Uint16Array;
  readonly parent: Node | undefined;
  /** The strict operation that led here, as a place among them. */
  readonly place: number | undefined;
  readonly explained: number;
}

/** A few operations are gone through whatever the deadline, so that a busy machine finds the same. */
const VISITS_PER_CLOCK = 128;
const ASKS_PER_CLOCK = 5000;

/** Where memory gets short before the time is over. */
const NODES_MAX = 200_000;

/**
 * Goes through what can be, by the number of relaxed operations that it takes: so what was reached
 * with fewer of them is known before.
 *
 * An operation that only looks is taken as soon as it fits, since nothing is lost by that. Nobody has
 * said which do: those that were not seen to change a state are taken for such, and tried again in
 * every state in which they might as well have come. If one changes that, the search was mistaken.
 */
export class Exploration {
  readonly #options: ExplorationOptions;
  readonly #seen = new Seen();
  /** Names of operations that were taken for looks. */
  readonly #looks = new Set<string>();
  #best: Node;
  #isOver = false;
  #visits = 0;
  #asks: number;
  hasMetUnknown = false;
  wasMistaken = false;

  constructor(options: ExplorationOptions) {
    const { taken, machine, begins } = options;
    this.#options = options;
    this.#asks = machine.asks;
    this.#best = {
      ...{ taken: taken.none, state: machine.init, used: new Uint16Array(begins.length) },
      ...{ parent: undefined, place: undefined, explained: 0 },
    };
  }

  run(): Explanation {
    const { strict } = this.#options;
    this.#seen.add(this.#best);
    let fresh = [this.#best];
    while (fresh.length > 0) {
      const nodes = this.#takeStrict(fresh);
      if (this.#best.explained === strict.length) return this.#answer('possible');
      fresh = this.#isOver ? [] : this.#takeRelaxed(nodes);
      if (this.#isOver) return this.#answer('undecided');
    }
    return this.#answer('illegal');
  }

  /** All that strict operations lead to from these. */
  #takeStrict(fresh: Node[]): Node[] {
    const { taken, strict } = this.#options;
    const nodes: Node[] = [];
    for (let node = fresh.pop(); node && !this.#mustEnd(); node = fresh.pop()) {
      this.#lookAgain(node);
      if (node.explained > this.#best.explained) this.#best = node;
      if (node.explained === strict.length) break;
      const place = taken.next(node.taken).find((one) => this.#isLook(node.state, one));
      if (place !== undefined) {
        this.#push(fresh, node, place, node.state);
        continue;
      }
      nodes.push(node);
      // The first to begin is tried first: it is the next on top.
      for (const one of taken.next(node.taken).toReversed()) {
        for (const state of this.#statesAfter(node.state, one)) {
          this.#push(fresh, node, one, state);
        }
      }
    }
    return nodes;
  }

  #push(fresh: Node[], parent: Node, place: number, state: StateId): void {
    const taken = this.#options.taken.with(parent.taken, place);
    const { used, explained } = parent;
    const next = { taken, state, used, parent, place, explained: explained + 1 };
    if (this.#seen.add(next)) fresh.push(next);
  }

  #isLook(state: StateId, place: number): boolean {
    const { nameOf, movers, strict } = this.#options;
    const f = nameOf(strict[place] as number);
    if (movers.has(f)) return false;
    const states = this.#statesAfter(state, place);
    if (states.length === 0) return false;
    if (states.some((one) => one !== state)) {
      this.#noteMover(f);
      return false;
    }
    this.#looks.add(f);
    return true;
  }

  /** Of what was taken for a look, whether it would be one here. */
  #lookAgain({ taken, state }: Node): void {
    const { nameOf, movers, strict } = this.#options;
    for (const place of this.#options.taken.late(taken)) {
      const f = nameOf(strict[place] as number);
      if (movers.has(f)) continue;
      if (this.#statesAfter(state, place).some((one) => one !== state)) this.#noteMover(f);
    }
  }

  #noteMover(f: string): void {
    this.#options.movers.add(f);
    if (!this.#looks.has(f)) return;
    this.wasMistaken = true;
    this.#isOver = true;
  }

  #statesAfter(state: StateId, place: number): readonly StateId[] {
    const { machine, strict } = this.#options;
    const found = machine.step(state, strict[place] as number);
    if (typeof found !== 'number') return found;
    return found < 0 ? [] : [found];
  }

  /** All that one relaxed operation leads to from any of these. */
  #takeRelaxed(nodes: readonly Node[]): Node[] {
    const { taken, begins } = this.#options;
    const fresh: Node[] = [];
    for (const node of nodes) {
      const limit = taken.limit(node.taken);
      for (const [at, { question, starts }] of begins.entries()) {
        if ((starts[0] as number) > limit) break;
        const used = node.used[at] as number;
        if ((starts[used] ?? Number.POSITIVE_INFINITY) > limit) continue;
        for (const state of this.#statesAfterAny(node.state, question)) {
          if (state === node.state) continue;
          const more = node.used.slice();
          more[at] = used + 1;
          const next: Node = { ...node, state, used: more, parent: node, place: undefined };
          if (this.#seen.add(next)) fresh.push(next);
        }
      }
      if (this.#mustEnd()) return [];
    }
    return fresh;
  }

  #statesAfterAny(state: StateId, question: number): readonly StateId[] {
    const { outlooks, knowsAll } = this.#options;
    const { states, isUnknown } = outlooks.of(state, question);
    if (isUnknown && !knowsAll(question)) {
      this.hasMetUnknown = true;
      this.#isOver = true;
    }
    return states;
  }

  #mustEnd(): boolean {
    this.#visits += 1;
    const { asks } = this.#options.machine;
    if (this.#visits % VISITS_PER_CLOCK === 0 || asks > this.#asks + ASKS_PER_CLOCK) {
      this.#asks = asks;
      this.#isOver ||= performance.now() > this.#options.deadline || this.#seen.size > NODES_MAX;
    }
    return this.#isOver;
  }

  #answer(kind: Explanation['kind']): Explanation {
    const { strict, taken, machine } = this.#options;
    const order: number[] = [];
    for (let node: Node | undefined = this.#best; node; node = node.parent) {
      if (node.place !== undefined) order.push(strict[node.place] as number);
    }
    const stuck = taken.firstToEnd(this.#best.taken);
    return {
      kind,
      order: order.reverse(),
      stuck: stuck === undefined ? undefined : strict[stuck],
      state: machine.stateOf(this.#best.state),
    };
  }
}

/** Where a search has been. Who got there with fewer relaxed operations can go on no worse. */
class Seen {
  readonly #used = new Map<number, Uint16Array[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False if it is no news. */
  add({ taken, state, used }: Node): boolean {
    const place = taken * STATES_MAX + state;
    const known = this.#used.get(place);
    if (known === undefined) this.#used.set(place, [used]);
    else if (known.some((one) => isWithin(one, used))) return false;
    else known.push(used);
    this.#size += 1;
    return true;
  }
}

/** So many a machine cannot hold. */
const STATES_MAX = 2 ** 26;

function isWithin(fewer: Uint16Array, more: Uint16Array): boolean {
  if (fewer === more) return true;
  for (let at = 0; at < fewer.length; at += 1) {
    if ((fewer[at] as number) > (more[at] as number)) return false;
  }
  return true;
}
