import type { Entry } from '../journal.ts';

/** What a process does, and is to be hit in. */
export const ROLES = ['store', 'rotate', 'password', 'restore', 'cleanup'] as const;

export type Role = (typeof ROLES)[number];

/** What is in a vault, without content: `keyFact`, `secretFact` or `wayFact`, and what of it. */
export type Facts = ReadonlyMap<string, string>;

/** What a vault answers, as long as the fact is one. */
export type Claim = { readonly fact?: string } & (
  | { readonly what: 'material'; readonly id: string; readonly digest: string }
  | {
      readonly what: 'secret';
      readonly name: string;
      readonly version: number;
      readonly digest: string;
    }
  | { readonly what: 'ciphertext'; readonly base64: string; readonly text: string }
);

/** One line of a journal: an operation is one transaction, and this is what it makes of the vault. */
export interface VaultEntry extends Entry {
  readonly kind: Role | 'open' | 'prepare' | 'use' | 'read' | 'close';
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly claims?: readonly Claim[];
  /** Several transactions, of which any may have happened. */
  readonly isLoose?: boolean;
  /** Why it failed: a code of ours, or else what was said. */
  readonly code?: string;
}

export function keyFact(family: string, version: number): string {
  return `key ${family} ${version}`;
}

export function secretFact(name: string, version: number): string {
  return `secret ${name} ${version}`;
}

/** `how`: `recovery` or `key-file`; `what`: the code, or the path. */
export function wayFact(how: string, what: string): string {
  return `way ${how} ${what}`;
}

/** What must be in a vault of what one process did. */
export interface Expectation {
  /**
   * One of these: with none of the operations whose outcome nobody was told first, then with some of
   * them.
   */
  readonly worlds: readonly [Facts, ...Facts[]];
  /** Facts that may be or not. */
  readonly loose: ReadonlySet<string>;
  readonly claims: readonly Claim[];
  /** Facts that are no more. */
  readonly gone: readonly string[];
}

/** An operation without a `done` is in doubt, unless it has failed for certain. */
export function expectationOf(entries: readonly VaultEntry[]): Expectation {
  let worlds: [Map<string, string>, ...Map<string, string>[]] = [new Map()];
  const loose = new Set<string>();
  entries.forEach((entry, index) => {
    if (entry.event !== 'begin') return;
    const end = entries[index + 1];
    const isCertain = end?.event === 'failed' && end.code !== 'COMMIT_UNKNOWN';
    if (end?.event === 'done') for (const world of worlds) apply(world, entry);
    else if (entry.isLoose) for (const fact of Object.keys(entry.set ?? {})) loose.add(fact);
    else if (!isCertain) {
      const others = worlds.map((world) => new Map(world));
      for (const other of others) apply(other, entry);
      worlds = [...worlds, ...others];
    }
  });
  const done = entries.filter(({ event }) => event === 'done');
  const claims = entries.flatMap((entry) => entry.claims ?? []);
  return { worlds, loose, claims, gone: done.flatMap(({ unset = [] }) => unset) };
}

function apply(facts: Map<string, string>, { set = {}, unset = [] }: VaultEntry): void {
  for (const fact of unset) facts.delete(fact);
  for (const [fact, value] of Object.entries(set)) facts.set(fact, value);
}

/** Whether something in doubt has happened; or sentences about what is in none of the worlds. */
export function fateOf(
  { worlds, loose }: Expectation,
  found: Facts,
): 'before' | 'after' | readonly string[] {
  const faults = worlds.map((world) => differences(world, found, loose));
  const match = faults.findIndex((some) => some.length === 0);
  if (match >= 0) return match === 0 ? 'before' : 'after';
  const [asBefore = [], ...others] = faults;
  if (others.length === 0) return asBefore;
  return [`half done: neither ${faults.map((some) => some.join(', ')).join(', nor ')}`];
}

function differences(expected: Facts, found: Facts, loose: ReadonlySet<string>): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((fact) => !loose.has(fact) && expected.get(fact) !== found.get(fact))
    .map((fact) => `${fact}: ${found.get(fact) ?? 'missing'} for ${expected.get(fact) ?? 'none'}`);
}
