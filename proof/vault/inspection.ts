import { type Unlock, Vault } from '../../src/vault.ts';
import { accountFaults } from './account.ts';
import {
  type Claim,
  type Expectation,
  expectationOf,
  type Facts,
  fateOf,
  keyFact,
  secretFact,
  type VaultEntry,
} from './claims.ts';
import { digestOf } from './content.ts';
import { readTables, type Tables } from './tables.ts';

/** What somebody has done in a room of a vault. */
export interface Deeds {
  readonly room: string;
  readonly entries: readonly VaultEntry[];
}

export interface Findings {
  readonly violations: readonly string[];
  /** How many of the operations that were under way have happened. */
  readonly happened: number;
}

/** Holds a vault that others may be using against its own log, and against what these were told. */
export async function inspectVault(
  dir: string,
  vault: Vault,
  deeds: readonly Deeds[],
): Promise<Findings> {
  const violations: string[] = [];
  try {
    await vault.audit.verify();
  } catch (error) {
    violations.push(String(error));
  }
  const tables = readTables(dir);
  violations.push(...accountFaults(tables));
  let happened = 0;
  for (const { room, entries } of deeds) {
    const expectation = expectationOf(entries);
    const facts = await factsOf(dir, tables, room, expectation);
    const fate = fateOf(expectation, facts);
    if (fate === 'after') happened += 1;
    else if (fate !== 'before') violations.push(...fate.map((text) => `${room}: ${text}`));
    for (const claim of expectation.claims) {
      if (claim.fact !== undefined && !facts.has(claim.fact)) continue;
      const fault = await faultOf(vault, claim);
      if (fault !== undefined) violations.push(`${room}: ${fault}`);
    }
  }
  return { violations, happened };
}

/** Ways that are no more are tried, too, but not all that there ever were. */
const GONE_WAYS = 2;

async function factsOf(
  dir: string,
  tables: Tables,
  room: string,
  { worlds, gone }: Expectation,
): Promise<Facts> {
  const facts = new Map<string, string>();
  const inRoom = (name: string | null) => name?.startsWith(`${room}/`);
  for (const { label, version, state } of tables.keys) {
    if (inRoom(label)) facts.set(keyFact(label ?? '', version), state);
  }
  for (const { name, version } of tables.values) {
    if (inRoom(name)) facts.set(secretFact(name, version), 'there');
  }
  const isWay = (fact: string) => fact.startsWith('way ');
  const living = worlds.flatMap((world) => [...world.keys()].filter(isWay));
  const ways = new Set([...living, ...gone.filter(isWay).slice(-GONE_WAYS)]);
  for (const way of ways) if (await doesOpen(dir, way)) facts.set(way, 'opens');
  return facts;
}

async function doesOpen(dir: string, way: string): Promise<boolean> {
  try {
    await using vault = await Vault.open({ dir, unlock: unlockOf(way), lockTimeoutMs: 60_000 });
    await vault.slots.list();
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
    // The key file of a way that was only about to be made.
    const isMissing = cause !== undefined && 'code' in cause && cause.code === 'ENOENT';
    if (code === 'UNLOCK_FAILED' || isMissing) return false;
    throw error;
  }
}

function unlockOf(fact: string): Unlock {
  const [, how, what = ''] = /^way (\S+) (.*)$/.exec(fact) ?? [];
  return how === 'key-file' ? { keyFile: what } : { recoveryCode: Buffer.from(what) };
}

async function faultOf(vault: Vault, claim: Claim): Promise<string | undefined> {
  try {
    return (await holds(vault, claim)) ? undefined : `not so: ${JSON.stringify(claim)}`;
  } catch (error) {
    return `${error}: ${JSON.stringify(claim)}`;
  }
}

async function holds(vault: Vault, claim: Claim): Promise<boolean> {
  if (claim.what === 'ciphertext') {
    const plaintext = await vault.decrypt(Buffer.from(claim.base64, 'base64'));
    return plaintext.toString() === claim.text;
  }
  const { what, digest } = claim;
  using secret =
    what === 'material'
      ? await vault.reveal(claim.id)
      : await vault.secrets.get(claim.name, claim.version);
  return digestOf(secret.expose()) === digest;
}
