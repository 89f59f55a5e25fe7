import type { Entry, LastWords } from '../journal.ts';

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
  readonly kind: Role | 'open' | 'prepare' | 'use';
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly claims?: readonly Claim[];
  /** Several transactions, of which any may have happened. */
  readonly isLoose?: boolean;
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
  readonly before: Facts;
  /** Where it was in the middle of an operation: this or what was before. */
  readonly after: Facts | undefined;
  /** Facts that may be or not. */
  readonly loose: ReadonlySet<string>;
  readonly claims: readonly Claim[];
  /** Facts that are no more. */
  readonly gone: readonly string[];
}

export function expectationOf({
  entries,
  inside,
}: Pick<LastWords<VaultEntry>, 'entries' | 'inside'>): Expectation {
  const before = new Map<string, string>();
  const claims: Claim[] = [];
  const gone: string[] = [];
  for (const entry of entries) {
    claims.push(...(entry.claims ?? []));
    if (entry.event === 'begin') continue;
    apply(before, entry);
    gone.push(...(entry.unset ?? []));
  }
  const after = new Map(before);
  if (inside) apply(after, inside);
  const loose = new Set(inside?.isLoose ? Object.keys(inside.set ?? {}) : []);
  return { before, after: inside && !inside.isLoose ? after : undefined, loose, claims, gone };
}

function apply(facts: Map<string, string>, { set = {}, unset = [] }: VaultEntry): void {
  for (const fact of unset) facts.delete(fact);
  for (const [fact, value] of Object.entries(set)) facts.set(fact, value);
}

/** Whether what was under way has happened; or sentences about what is neither before nor after. */
export function fateOf(
  { before, after, loose }: Expectation,
  found: Facts,
): 'before' | 'after' | readonly string[] {
  const asBefore = differences(before, found, loose);
  if (asBefore.length === 0) return 'before';
  const asAfter = after && differences(after, found, loose);
  if (asAfter === undefined) return asBefore;
  if (asAfter.length === 0) return 'after';
  return [`half done: neither ${asBefore.join(', ')}, nor ${asAfter.join(', ')}`];
}

function differences(expected: Facts, found: Facts, loose: ReadonlySet<string>): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((fact) => !loose.has(fact) && expected.get(fact) !== found.get(fact))
    .map((fact) => `${fact}: ${found.get(fact) ?? 'missing'} for ${expected.get(fact) ?? 'none'}`);
}
