import type { Steps } from '../../engine/steps.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { Change } from '../keys/ledger.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { findSecret, putRow, putVersion, shredBody, versionsOf } from '../secrets/bodies.ts';
import {
  newSecretKey,
  openValue,
  type SecretRow,
  type SecretVersionRow,
} from '../secrets/secret-record.ts';
import type { CarriedSecret } from './carried-secret.ts';

/** What becomes of secrets that come in, by their names. */
export interface SecretOutcome {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  /** Left as the vault has them. */
  readonly conflicts: readonly SecretConflict[];
}

export interface SecretConflict {
  readonly name: string;
  readonly why: string;
}

/** One secret as it is to be written. */
interface Write {
  readonly secret: CarriedSecret;
  readonly before: SecretRow | undefined;
  /** Whether what the vault has goes first. */
  readonly isReplaced: boolean;
  /** Whether tags and deletion become those that come in. */
  readonly isRestated: boolean;
}

type Decision = { readonly write: Write } | { readonly why: string } | undefined;

/** What is to be done with secrets that come into a vault. */
export interface SecretPlan {
  readonly outcome: SecretOutcome;
  readonly writes: readonly Write[];
}

/**
 * Decides what becomes of secrets that come into a vault: later values than the vault's are added to
 * them. Values that differ, and tags, stay as the vault has them, and what it has deleted stays
 * deleted, unless `overwrite` is set.
 * @throws TAMPERED
 */
export function* planSecrets(
  keys: VaultKeys,
  secrets: readonly CarriedSecret[],
  overwrite: boolean,
): Steps<SecretPlan> {
  const writes: Write[] = [];
  const unchanged: string[] = [];
  const conflicts: SecretConflict[] = [];
  for (const secret of secrets) {
    const decision = yield* decide(keys, secret, overwrite);
    if (decision === undefined) unchanged.push(secret.name);
    else if ('why' in decision) conflicts.push({ name: secret.name, why: decision.why });
    else writes.push(decision.write);
  }
  const namesOf = (some: readonly Write[]) => some.map(({ secret }) => secret.name);
  const created = namesOf(writes.filter(({ before }) => before === undefined));
  const updated = namesOf(writes.filter(({ before }) => before !== undefined));
  return { outcome: { created, updated, unchanged, conflicts }, writes };
}

/** Writes what was decided, each secret with its event. */
export function* applySecrets(change: Change, keys: VaultKeys, plan: SecretPlan): Steps<void> {
  for (const write of plan.writes) {
    const { name, versions } = write.secret;
    if (write.isReplaced) yield* shredBody(change, keys, name);
    const before = write.isReplaced ? undefined : write.before;
    const after = yield* putRow(change, keys, before, rowOf(keys, write, before));
    for (const { version, createdAt, value } of versions) {
      if (before && version <= before.version) continue;
      const row = { name, version, created_at: createdAt };
      yield* putVersion(change, keys, after, row, value);
    }
    const told = { name, version: after.version, change: 'restored' } as const;
    yield* change.tell({ kind: 'SecretChanged', ...told });
  }
}

/** Undefined where nothing is to be done. */
function* decide(keys: VaultKeys, secret: CarriedSecret, overwrite: boolean): Steps<Decision> {
  const before = yield* findSecret(secret.name);
  const write = { secret, before, isReplaced: false, isRestated: overwrite };
  if (before === undefined) return { write };
  const other = otherValue(keys, before, yield* versionsOf(secret.name), secret);
  if (other !== undefined) {
    if (overwrite) return { write: { ...write, isReplaced: true } };
    return { why: `the vault has another value at version ${other}` };
  }
  const isLonger = lastOf(secret) > before.version;
  if (overwrite) {
    const isSame = before.tags === tagsOf(secret) && before.deleted_at === timeOf(secret.deletedAt);
    return isSame && !isLonger ? undefined : { write };
  }
  if (!isLonger) return undefined;
  return before.deleted_at === null ? { write } : { why: 'the vault has deleted it' };
}

/** The first version that both have, with values that differ. */
function otherValue(
  keys: VaultKeys,
  row: SecretRow,
  had: readonly SecretVersionRow[],
  { versions }: CarriedSecret,
): number | undefined {
  const coming = new Map(versions.map(({ version, value }) => [version, value]));
  for (const version of had) {
    const value = coming.get(version.version);
    if (value === undefined) continue;
    const found = openValue(keys, row, version);
    try {
      if (!found.equals(value)) return version.version;
    } finally {
      wipe(found);
    }
  }
  return undefined;
}

function rowOf(
  keys: VaultKeys,
  { secret, isRestated }: Write,
  before: SecretRow | undefined,
): Omit<SecretRow, 'revision'> {
  const { name } = secret;
  const version = Math.max(lastOf(secret), before?.version ?? 0);
  if (before && !isRestated) return { ...before, version };
  return {
    ...{ name, version, tags: tagsOf(secret), created_at: before?.created_at ?? secret.createdAt },
    ...{ deleted_at: timeOf(secret.deletedAt), purge_at: timeOf(secret.purgeAt) },
    sealed_key: before?.sealed_key ?? newSecretKey(keys, name),
  };
}

function lastOf({ versions }: CarriedSecret): number {
  return versions.at(-1)?.version ?? 0;
}

function tagsOf({ tags }: CarriedSecret): string {
  return JSON.stringify(Object.fromEntries(tags));
}

function timeOf(ms: number | undefined): number | null {
  return ms ?? null;
}
