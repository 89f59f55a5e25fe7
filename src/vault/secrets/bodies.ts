import { all, one, runWith, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { WarmBook } from '../keys/book.ts';
import type { Change } from '../keys/ledger.ts';
import { addMember } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import {
  checkedSecret,
  checkedVersion,
  newSecretKey,
  type SecretRow,
  type SecretVersionRow,
  sealValue,
  secretMember,
  versionMember,
} from './secret-record.ts';

const PAGE_ROWS = 1000;
const COLUMNS = 'name, version, tags, created_at, deleted_at, purge_at, revision, sealed_key';
const FIND = `SELECT ${COLUMNS} FROM secrets WHERE name = ?`;
const PAGE = `SELECT ${COLUMNS} FROM secrets WHERE name > ? ORDER BY name LIMIT ?`;
const PUT = `INSERT INTO secrets (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, tags = excluded.tags,
  deleted_at = excluded.deleted_at, purge_at = excluded.purge_at, revision = excluded.revision,
  sealed_key = excluded.sealed_key`;
const FIND_VERSION =
  'SELECT name, version, created_at, sealed FROM secret_versions WHERE name = ? AND version = ?';
const VERSIONS =
  'SELECT name, version, created_at, sealed FROM secret_versions WHERE name = ? ORDER BY version';
const PUT_VERSION =
  'INSERT INTO secret_versions (name, version, created_at, sealed) VALUES (?, ?, ?, ?)';

export function* findSecret(name: string): Steps<SecretRow | undefined> {
  const row = yield* one<SecretRow>(FIND, name);
  return row && checkedSecret(row);
}

export function* findVersion(name: string, version: number): Steps<SecretVersionRow | undefined> {
  const row = yield* one<SecretVersionRow>(FIND_VERSION, name, version);
  return row && checkedVersion(row);
}

export function* secretsAfter(name: string, limit: number): Steps<readonly SecretRow[]> {
  return (yield* all<SecretRow>(PAGE, name, limit)).map(checkedSecret);
}

/** All values of a secret, oldest first. */
export function* versionsOf(name: string): Steps<readonly SecretVersionRow[]> {
  return (yield* all<SecretVersionRow>(VERSIONS, name)).map(checkedVersion);
}

export interface SetSecret {
  readonly name: string;
  readonly value: Uint8Array;
  /** As they were by default. */
  readonly tags: string | undefined;
  readonly expectedVersion: number | undefined;
}

/** A new version of a secret, or its first. @throws CONFLICT; NOT_FOUND for one that is deleted */
export function* setBody(change: Change, keys: VaultKeys, wish: SetSecret): Steps<SecretRow> {
  const { name, value } = wish;
  const before = yield* findSecret(name);
  if (before?.deleted_at) throw deleted(name);
  const last = before?.version ?? 0;
  if (wish.expectedVersion !== undefined && wish.expectedVersion !== last) {
    throw new HoldfastError(
      'CONFLICT',
      `the secret '${name}' was expected at version ${wish.expectedVersion} and is at ${last}`,
    );
  }
  const after = yield* putRow(change, keys, before, {
    ...{ name, version: last + 1, tags: wish.tags ?? before?.tags ?? '{}' },
    ...{ created_at: before?.created_at ?? change.at, deleted_at: null, purge_at: null },
    sealed_key: before?.sealed_key ?? newSecretKey(keys, name),
  });
  const version = { name, version: after.version, created_at: change.at };
  yield* putVersion(change, keys, after, version, value);
  yield* change.tell({ kind: 'SecretChanged', name, version: after.version, change: 'set' });
  return after;
}

/** Other tags, or a life that ends or goes on. @throws NOT_FOUND */
export function* changeBody(
  change: Change,
  keys: VaultKeys,
  name: string,
  fields: Partial<Pick<SecretRow, 'tags' | 'deleted_at' | 'purge_at'>>,
  what: 'tagged' | 'deleted' | 'undeleted',
): Steps<SecretRow> {
  const before = yield* findSecret(name);
  const isThere = what === 'undeleted' ? before?.deleted_at : before && !before.deleted_at;
  if (before === undefined || !isThere) throw missing(name);
  const after = yield* putRow(change, keys, before, { ...before, ...fields });
  yield* change.tell({ kind: 'SecretChanged', name, version: after.version, change: what });
  return after;
}

/** Nobody reads it any more, from no copy of its values: their key is gone. @throws NOT_FOUND */
export function* shredBody(change: Change, keys: VaultKeys, name: string): Steps<void> {
  const before = yield* findSecret(name);
  if (before === undefined) throw missing(name);
  for (const version of yield* versionsOf(name)) {
    change.noteSecret(versionMember(keys, version), undefined);
  }
  yield* runWith([], 'DELETE FROM secret_versions WHERE name = ?', name);
  yield* runWith([], 'DELETE FROM secrets WHERE name = ?', name);
  change.noteSecret(secretMember(keys, before), undefined);
  const { version } = before;
  yield* change.tell({ kind: 'SecretChanged', name, version, change: 'shredded' });
}

/** Shreds what was deleted and whose grace is over; answers the names. */
export function* purgeBody(change: Change, keys: VaultKeys): Steps<readonly string[]> {
  const due = yield* all<{ name: string }>(
    'SELECT name FROM secrets WHERE purge_at <= ? ORDER BY name LIMIT 1000',
    change.at,
  );
  for (const { name } of due) yield* shredBody(change, keys, name);
  return due.map(({ name }) => name);
}

/** @throws TAMPERED when rows were removed, added, changed or put back from an older copy */
export function* requireSecrets(keys: VaultKeys, warm: WarmBook): Steps<void> {
  const { state } = yield* warm.get();
  let sum = 0n;
  let after = '';
  for (;;) {
    const rows = yield* secretsAfter(after, PAGE_ROWS);
    for (const row of rows) {
      sum = addMember(sum, secretMember(keys, row));
      for (const version of yield* versionsOf(row.name)) {
        sum = addMember(sum, versionMember(keys, version));
      }
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.name;
  }
  if (sum === state.secrets) return;
  throw new HoldfastError('TAMPERED', 'records of secrets were removed, added or put back');
}

export function missing(name: string): HoldfastError {
  return new HoldfastError('NOT_FOUND', `there is no secret '${name}'`);
}

function deleted(name: string): HoldfastError {
  return new HoldfastError('NOT_FOUND', `the secret '${name}' is deleted; undelete it first`);
}

/** Writes a value of a secret that is there. */
export function* putVersion(
  change: Change,
  keys: VaultKeys,
  secret: SecretRow,
  version: Omit<SecretVersionRow, 'sealed'>,
  value: Uint8Array,
): Steps<void> {
  const row = { ...version, sealed: sealValue(keys, secret, version, value) };
  yield* runWith([], PUT_VERSION, row.name, row.version, row.created_at, row.sealed);
  change.noteSecret(undefined, versionMember(keys, row));
}

/** Writes a secret without its values, new or in the place of what it was. */
export function* putRow(
  change: Change,
  keys: VaultKeys,
  before: SecretRow | undefined,
  fields: Omit<SecretRow, 'revision'>,
): Steps<SecretRow> {
  const after = { ...fields, revision: change.revision };
  yield* runWith(
    [],
    PUT,
    ...[after.name, after.version, after.tags, after.created_at, after.deleted_at],
    ...[after.purge_at, after.revision, after.sealed_key],
  );
  change.noteSecret(before && secretMember(keys, before), secretMember(keys, after));
  return after;
}
