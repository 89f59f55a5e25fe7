import { Random } from '../declare/random.ts';
import type { Step, Strategy } from './step.ts';

/** Every step equally likely. */
export class RandomStrategy implements Strategy {
  readonly #random: Random;

  constructor(seed: string) {
    this.#random = new Random(seed);
  }

  choose(enabled: readonly Step[]): number {
    return this.#random.int(enabled.length);
  }
}

/**
 * Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010): the client of the highest
 * priority moves, and at `depth` - 1 random steps the one that moves falls behind all others. A bug
 * that takes `depth` ordering constraints is found with probability of at least 1 / (n k^(depth-1)),
 * for n clients and k steps.
 */
export class PctStrategy implements Strategy {
  readonly #random: Random;
  readonly #changes: ReadonlySet<number>;
  readonly #priorities = new Map<number, number>();
  #taken = 0;
  #lowest = 0;

  constructor(seed: string, options: { readonly depth: number; readonly steps: number }) {
    this.#random = new Random(seed);
    const { depth, steps } = options;
    const changes = Array.from({ length: depth - 1 }, () => this.#random.int(Math.max(1, steps)));
    this.#changes = new Set(changes);
  }

  choose(enabled: readonly Step[]): number {
    if (this.#changes.has(this.#taken)) this.#demote(this.#highest(enabled));
    this.#taken += 1;
    // Who only waits for others must not keep them waiting.
    if (this.#taken > FAIR_AFTER) return this.#random.int(enabled.length);
    return this.#highest(enabled).place;
  }

  #demote({ client }: { readonly client: number }): void {
    this.#lowest -= 1;
    this.#priorities.set(client, this.#lowest);
  }

  #highest(enabled: readonly Step[]): { readonly place: number; readonly client: number } {
    let best = { place: 0, client: -1, priority: Number.NEGATIVE_INFINITY };
    for (const [place, { client }] of enabled.entries()) {
      const priority = this.#priorityOf(client);
      if (priority > best.priority) best = { place, client, priority };
    }
    return best;
  }

  #priorityOf(client: number): number {
    let priority = this.#priorities.get(client);
    if (priority === undefined) {
      priority = 1 + this.#random.int(2 ** 30);
      this.#priorities.set(client, priority);
    }
    return priority;
  }
}

/** Steps after which a strategy that prefers one client gives all of them a chance. */
const FAIR_AFTER = 1000;

/** Takes what another schedule took. Where that ends, the client that moved last goes on. */
export class ReplayStrategy implements Strategy {
  readonly #choices: readonly number[];
  #at = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  choose(enabled: readonly Step[], last: number): number {
    const chosen = this.#choices[this.#at++];
    return chosen !== undefined && chosen < enabled.length ? chosen : goOn(enabled, last);
  }
}

/** The place of the client that moved last, or of the first one. */
export function goOn(enabled: readonly Step[], last: number): number {
  return Math.max(
    0,
    enabled.findIndex(({ client }) => client === last),
  );
}
