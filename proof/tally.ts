import type { Entry, LastWords } from './journal.ts';

/** The kills of one role. */
export interface Count {
  readonly kills: number;
  /** Of these, how many hit it inside an operation, by its kind. */
  readonly inside: Readonly<Record<string, number>>;
}

/** What kills have come to. */
export class Tally {
  readonly violations: string[] = [];
  happened = 0;
  readonly #goals: Readonly<Record<string, number>>;
  readonly #kills: Record<string, number>;
  readonly #inside: Record<string, Record<string, number>>;
  #acknowledged = 0;
  #worstRecoveryMs = 0;

  /** `goals`: how many kills are wanted, by role. */
  constructor(goals: Readonly<Record<string, number>>) {
    this.#goals = goals;
    const roles = Object.keys(goals);
    this.#kills = Object.fromEntries(roles.map((role) => [role, 0]));
    this.#inside = Object.fromEntries(roles.map((role) => [role, {}]));
  }

  get isFull(): boolean {
    return Object.keys(this.#goals).every((role) => this.#missing(role) <= 0);
  }

  /** Roles of which more are wanted than these, each as often as it is wanted; all when none is. */
  wanted(alive: readonly string[]): readonly string[] {
    const roles = Object.keys(this.#goals).flatMap((role) => {
      const missing = this.#missing(role) - alive.filter((one) => one === role).length;
      return Array.from({ length: Math.max(0, missing) }, () => role);
    });
    return roles.length > 0 ? roles : Object.keys(this.#goals);
  }

  count(role: string, { acknowledged, inside }: LastWords<Entry>): void {
    this.#kills[role] = (this.#kills[role] ?? 0) + 1;
    this.#acknowledged += acknowledged.length;
    const kinds = this.#inside[role];
    if (kinds && inside) kinds[inside.kind] = (kinds[inside.kind] ?? 0) + 1;
  }

  noteRecovery(ms: number): void {
    this.#worstRecoveryMs = Math.max(this.#worstRecoveryMs, ms);
  }

  get kills(): number {
    return sumOf(this.#kills);
  }

  get figures() {
    const { kills, happened, violations } = this;
    const roles = Object.keys(this.#goals).map((role): [string, Count] => [
      role,
      { kills: this.#kills[role] ?? 0, inside: this.#inside[role] ?? {} },
    ]);
    return {
      ...{ kills, inside: this.#insideTotal, happened, violations },
      roles: Object.fromEntries(roles),
      acknowledged: this.#acknowledged,
      worstRecoveryMs: this.#worstRecoveryMs,
    };
  }

  get line(): string {
    return `${this.kills} of ${sumOf(this.#goals)} kills, ${this.#insideTotal} inside an operation`;
  }

  get #insideTotal(): number {
    return Object.values(this.#inside).reduce((sum, kinds) => sum + sumOf(kinds), 0);
  }

  #missing(role: string): number {
    return (this.#goals[role] ?? 0) - (this.#kills[role] ?? 0);
  }
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
