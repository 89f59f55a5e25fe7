import { existsSync } from 'node:fs';
import { inspectReadOnly } from '../../engine/sqlite.ts';
import { all, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { auditBody } from '../audit/log.ts';
import { wipe } from '../hygiene/wipe.ts';
import { entryOfRow, KEY_COLUMNS, type KeyRow, openKey } from '../keys/key-record.ts';
import { vaultFile } from '../place.ts';
import { addMember } from '../seal/membership.ts';
import { deriveVaultKeys, type VaultKeys } from '../seal/vault-keys.ts';
import type { VaultState } from '../seal/vault-state.ts';
import { findVersion, secretsAfter } from '../secrets/bodies.ts';
import {
  checkedSecret,
  openValue,
  type SecretRow,
  secretMember,
  versionMember,
} from '../secrets/secret-record.ts';
import { unwrapRoot } from '../slots/slots.ts';
import { credentialOf, type Unlock } from '../unlock.ts';
import { isHeaderWhole, readHeader, readState } from '../vault-file.ts';
import { problem, type VaultFinding } from './finding.ts';

export interface DamageOptions {
  /** Data directory; `$HOLDFAST_DIR` or `~/.holdfast` by default. */
  readonly dir?: string | undefined;
  readonly unlock: Unlock;
  readonly signal?: AbortSignal | undefined;
}

/** More of one kind are not told one by one. */
const TOLD_MAX = 20;

/**
 * Says of a vault that is refused as TAMPERED what was changed: opens every key and every value, and
 * holds all rows and the whole log against the state of the vault. Changes nothing and waits for no
 * lock. Empty where nothing is damaged.
 * @throws UNLOCK_FAILED, KDF_LIMITS, STORE_MISSING, NOT_A_STORE; the signal's reason
 */
export async function findDamage(options: DamageOptions): Promise<readonly VaultFinding[]> {
  const file = vaultFile(options.dir);
  if (!existsSync(file)) throw new HoldfastError('STORE_MISSING', `there is no vault at ${file}`);
  const header = inspectReadOnly(file, readHeader);
  if (header === undefined) return [];
  const { vaultId, commitment, slots } = header;
  const { unlock, signal } = options;
  const credential = await credentialOf(unlock, signal);
  let root: Buffer | undefined;
  try {
    const stored = slots.map(({ slot }) => slot);
    ({ root } = await unwrapRoot(stored, [credential], { vaultId, commitment, signal }));
    const keys = deriveVaultKeys(root, vaultId);
    return inspectReadOnly(file, () => damageBody(keys)).map((what) =>
      problem('tampered', what, 'restore a backup into a new vault'),
    );
  } finally {
    wipe(root, credential.secret);
  }
}

function* damageBody(keys: VaultKeys): Steps<readonly string[]> {
  const state = yield* orDamage(readState(keys));
  if (typeof state === 'string') return [state, ...(yield* keyDamage(keys, undefined))];
  const header = yield* readHeader();
  const isWhole = header !== undefined && isHeaderWhole(keys, header, state.slots);
  return [
    ...(isWhole ? [] : ['a way in was added, changed, put back or taken out']),
    ...(yield* keyDamage(keys, state)),
    ...(yield* secretDamage(keys, state)),
    ...(yield* logDamage(keys, state)),
  ];
}

/** What a body answers, or what it says of the damage that it finds. */
function* orDamage<T>(body: Steps<T>): Steps<T | string> {
  try {
    return yield* body;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'TAMPERED') return error.message;
    throw error;
  }
}

/** What `read` says of the damage that it finds. */
function damageIn(read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'TAMPERED') return error.message;
    throw error;
  }
}

function* keyDamage(keys: VaultKeys, state: VaultState | undefined): Steps<readonly string[]> {
  const damage: string[] = [];
  let sum = 0n;
  for (const row of yield* all<KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys ORDER BY sequence`)) {
    const what = damageIn(() => {
      const entry = entryOfRow(keys, row);
      sum = addMember(sum, entry.member);
      wipe(openKey(keys, entry));
    });
    if (what) damage.push(what);
  }
  if (damage.length > 0) return few(damage);
  if (state === undefined || sum === state.keys) return [];
  return ['records of keys were removed, added or put back'];
}

function* secretDamage(keys: VaultKeys, state: VaultState): Steps<readonly string[]> {
  const damage: string[] = [];
  let sum = 0n;
  let after = '';
  for (;;) {
    const rows = yield* orDamage(secretsAfter(after, 1000));
    if (typeof rows === 'string') return few([...damage, rows]);
    for (const row of rows) {
      sum = addMember(sum, secretMember(keys, row));
      for (const version of yield* versionNumbers(row)) {
        const what = yield* versionDamage(keys, row, version, (member) => {
          sum = addMember(sum, member);
        });
        if (what) damage.push(what);
      }
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.name;
  }
  if (damage.length > 0) return few(damage);
  return sum === state.secrets ? [] : ['records of secrets were removed, added or put back'];
}

/** One at a time: a value may have 64 MiB. */
function* versionNumbers({ name }: SecretRow): Steps<readonly number[]> {
  const rows = yield* all<{ version: number }>(
    'SELECT version FROM secret_versions WHERE name = ? ORDER BY version',
    name,
  );
  return rows.map(({ version }) => version);
}

function* versionDamage(
  keys: VaultKeys,
  row: SecretRow,
  version: number,
  add: (member: bigint) => void,
): Steps<string | undefined> {
  const found = yield* orDamage(findVersion(row.name, version));
  if (found === undefined || typeof found === 'string') return found;
  add(versionMember(keys, found));
  const what = damageIn(() => wipe(openValue(keys, checkedSecret(row), found)));
  return what && `${what} (version ${version})`;
}

function* logDamage({ audit }: VaultKeys, state: VaultState): Steps<readonly string[]> {
  let after = 0;
  for (;;) {
    const page = yield* orDamage(auditBody(audit, state.audit, { after }));
    if (typeof page === 'string') return [page];
    const last = page.at(-1);
    if (last === undefined) return [];
    after = last.sequence;
  }
}

function few(damage: readonly string[]): readonly string[] {
  const rest = damage.length - TOLD_MAX;
  return rest > 0 ? [...damage.slice(0, TOLD_MAX), `and ${rest} more`] : damage;
}
