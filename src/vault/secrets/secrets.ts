import type { Steps } from '../../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { Secret } from '../hygiene/secret.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { Change } from '../keys/ledger.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { Session } from '../session.ts';
import {
  changeBody,
  findSecret,
  findVersion,
  missing,
  purgeBody,
  secretsAfter,
  setBody,
  shredBody,
} from './bodies.ts';
import { jsonField } from './json-field.ts';
import { assertSecretName, parseReference } from './reference.ts';
import { openValue, type SecretRow, type SecretVersionRow } from './secret-record.ts';

/** What is known of a secret without its values. */
export interface SecretInfo {
  readonly name: string;
  /** Of the newest value, from 1. */
  readonly version: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms; it can be undeleted until `purgeAt`. */
  readonly deletedAt: number | undefined;
  readonly purgeAt: number | undefined;
}

export interface SetOptions {
  /** Names and values of text, at most 64; the tags it has stay where nothing is said. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The version that the caller takes to be the newest, 0 for none; another one is a CONFLICT. */
  readonly expectedVersion?: number | undefined;
}

export interface SecretListOptions {
  /** Only names that begin so. */
  readonly prefix?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Default false. */
  readonly includeDeleted?: boolean | undefined;
  /** Default 1,000; at most 10,000. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface SecretPage {
  readonly items: readonly SecretInfo[];
  readonly cursor: string | undefined;
}

export const VALUE_BYTES_MAX = 64 * 1024 * 1024;
export const TAGS_MAX = 64;
export const TAG_LENGTH_MAX = 1000;
const GRACE_MS = 7 * 24 * 60 * 60 * 1000;
const LIMIT = 1000;
const LIMIT_MAX = 10_000;

/** Named secrets of any bytes, each with all of its versions. */
export class Secrets {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * A new version of a secret, or its first. The value stays the caller's to wipe; at most 64 MiB.
   * @throws CONFLICT; NOT_FOUND for one that is deleted; RangeError
   */
  async set(name: string, value: Uint8Array, options: SetOptions = {}): Promise<SecretInfo> {
    assertSecretName(name);
    if (!(value instanceof Uint8Array)) throw wrongArgument('type', 'a secret must be bytes');
    if (value.length > VALUE_BYTES_MAX) {
      throw wrongArgument('range', `a secret has at most ${VALUE_BYTES_MAX} bytes`);
    }
    const tags = options.tags && tagText(options.tags);
    const { expectedVersion } = options;
    return this.#change((change, keys) =>
      setBody(change, keys, { name, value, tags, expectedVersion }),
    );
  }

  /** The newest value or that of a version; the caller's to dispose. @throws NOT_FOUND, TAMPERED */
  async get(name: string, version?: number): Promise<Secret> {
    assertSecretName(name);
    const found = await this.#session.engine.read(() => valueBody(name, version));
    const value = openValue(this.#session.keys, found.row, found.version);
    try {
      const event = { kind: 'SecretAccessed', name, version: found.version.version } as const;
      await this.#session.uses?.tell(event);
      return new Secret(value);
    } finally {
      wipe(value);
    }
  }

  /**
   * What `vault://name#field@version` stands for. A field is one of a value that is a JSON object.
   * @throws NOT_FOUND, FORMAT_INVALID where there is no such field, TAMPERED, RangeError
   */
  async resolve(reference: string): Promise<Secret> {
    const { name, field, version } = parseReference(reference);
    const secret = await this.get(name, version);
    if (field === undefined) return secret;
    try {
      return secret.withBytes((bytes) => fieldOf(bytes, field, reference));
    } finally {
      secret.dispose();
    }
  }

  async info(name: string): Promise<SecretInfo | undefined> {
    assertSecretName(name);
    const row = await this.#session.engine.read(() => findSecret(name));
    return row && infoOf(row);
  }

  /** One page in the order of names. */
  async list(options: SecretListOptions = {}): Promise<SecretPage> {
    const { limit = LIMIT, cursor = '', prefix = '', tags = {}, includeDeleted = false } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
      throw wrongArgument('range', `limit must be from 1 to ${LIMIT_MAX}, not ${limit}`);
    }
    const isMeant = (info: SecretInfo) =>
      info.name.startsWith(prefix) &&
      (includeDeleted || info.deletedAt === undefined) &&
      Object.entries(tags).every(([key, value]) => info.tags[key] === value);
    const items: SecretInfo[] = [];
    let after = cursor;
    for (;;) {
      const from = after;
      const rows = await this.#session.engine.read(() => secretsAfter(from, LIMIT));
      for (const row of rows) {
        after = row.name;
        const info = infoOf(row);
        if (isMeant(info)) items.push(info);
        if (items.length === limit) return { items, cursor: after };
      }
      if (rows.length < LIMIT) return { items, cursor: undefined };
    }
  }

  /** Gives it these tags in place of those it has. @throws NOT_FOUND, RangeError */
  async tag(name: string, tags: Readonly<Record<string, string>>): Promise<SecretInfo> {
    assertSecretName(name);
    const text = tagText(tags);
    return this.#change((change, keys) => changeBody(change, keys, name, { tags: text }, 'tagged'));
  }

  /**
   * Nobody reads it; until its grace is over, in ms (default 7 days), it can be undeleted. `Infinity`
   * is for ever.
   * @throws NOT_FOUND
   */
  async delete(name: string, { graceMs = GRACE_MS } = {}): Promise<SecretInfo> {
    assertSecretName(name);
    if (!(graceMs >= 0)) throw wrongArgument('range', `graceMs must be from 0, not ${graceMs}`);
    return this.#change((change, keys) => {
      // A row holds no later time.
      const purgeAt = Math.min(Math.floor(change.at + graceMs), Number.MAX_SAFE_INTEGER);
      const ends = { deleted_at: change.at, purge_at: purgeAt };
      return changeBody(change, keys, name, ends, 'deleted');
    });
  }

  /** @throws NOT_FOUND */
  async undelete(name: string): Promise<SecretInfo> {
    assertSecretName(name);
    const lives = { deleted_at: null, purge_at: null };
    return this.#change((change, keys) => changeBody(change, keys, name, lives, 'undeleted'));
  }

  /** Removes it with all its values and their key, at once and for good. @throws NOT_FOUND */
  async shred(name: string): Promise<void> {
    assertSecretName(name);
    await this.#session.change((change) => shredBody(change, this.#session.keys, name));
  }

  /** Shreds what was deleted and whose grace is over; answers the names. */
  async purge(): Promise<readonly string[]> {
    return this.#session.change((change) => purgeBody(change, this.#session.keys));
  }

  async #change(body: (change: Change, keys: VaultKeys) => Steps<SecretRow>): Promise<SecretInfo> {
    return infoOf(await this.#session.change((change) => body(change, this.#session.keys)));
  }
}

function* valueBody(
  name: string,
  version: number | undefined,
): Steps<{ readonly row: SecretRow; readonly version: SecretVersionRow }> {
  const row = yield* findSecret(name);
  if (row === undefined || row.deleted_at !== null) throw missing(name);
  const found = yield* findVersion(name, version ?? row.version);
  if (found) return { row, version: found };
  throw new HoldfastError('NOT_FOUND', `the secret '${name}' has no version ${version}`);
}

function infoOf(row: SecretRow): SecretInfo {
  return {
    ...{ name: row.name, version: row.version },
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAt: row.created_at,
    deletedAt: row.deleted_at ?? undefined,
    purgeAt: row.purge_at ?? undefined,
  };
}

function tagText(tags: Readonly<Record<string, string>>): string {
  const entries = Object.entries(tags);
  const isText = (text: unknown) =>
    typeof text === 'string' && text.length <= TAG_LENGTH_MAX && text.isWellFormed();
  if (entries.length > TAGS_MAX || !entries.flat().every(isText)) {
    throw wrongArgument(
      'range',
      `tags are at most ${TAGS_MAX} names and values of at most ${TAG_LENGTH_MAX} characters`,
    );
  }
  return JSON.stringify(Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function fieldOf(bytes: Uint8Array, field: string, reference: string): Secret {
  const value = jsonField(bytes, field);
  if (value === undefined) {
    throw new HoldfastError('FORMAT_INVALID', `${reference} has no such field`);
  }
  try {
    return new Secret(value);
  } finally {
    wipe(value);
  }
}
