import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Carriage, SubjectKey, VaultSetup, VaultSubject } from '../../../src/torture.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT, version INTEGER, state TEXT, content BLOB, PRIMARY KEY (key, version));
  CREATE TABLE IF NOT EXISTS created (key TEXT)`;

/** A small store of keys that keeps its word: what the twins are broken copies of. */
export class HonestVault implements VaultSubject {
  protected readonly dir: string;
  protected readonly database: DatabaseSync;

  constructor({ dir }: VaultSetup) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.database = new DatabaseSync(join(dir, 'vault.db'), { timeout: 60_000 });
    // Nothing here is about durability.
    this.database.exec('PRAGMA synchronous = OFF');
    // SQLite refuses at once, and does not wait, when two upgrade a read lock.
    this.transaction(() => this.database.exec(this.schema()));
  }

  async create(key: string, content: string): Promise<void> {
    this.transaction(() => {
      if (this.family(key).length > 0) throw refusal('CONFLICT');
      this.insert({ key, version: 1, state: 'Active' }, content);
      this.log(key);
    });
  }

  async rotate(key: string, expectedVersion?: number): Promise<number> {
    return this.transaction(() => {
      this.expect(key, expectedVersion);
      return this.replace(key, this.inUse(key));
    });
  }

  async revoke(key: string, version: number, expectedVersion?: number): Promise<void> {
    this.transaction(() => {
      this.row(key, version);
      this.expect(key, expectedVersion);
      this.setState(key, version, 'Revoked');
    });
  }

  async remove(key: string, version: number): Promise<void> {
    this.transaction(() => {
      if (this.row(key, version).state === 'Active') throw refusal('KEY_STATE');
      this.delete(key, version);
    });
  }

  async cleanup(key: string, keep: number): Promise<number> {
    return this.transaction(() => {
      if (this.family(key).length === 0) throw refusal('NOT_FOUND');
      const old = this.family(key)
        .toReversed()
        .slice(keep)
        .filter(({ state }) => state !== 'Active');
      for (const { version } of old) this.delete(key, version);
      return old.length;
    });
  }

  async latest(key: string): Promise<number> {
    return this.inUse(key);
  }

  async get(key: string, version: number): Promise<string | undefined> {
    return this.family(key).find((row) => row.version === version)?.state;
  }

  async versions(key: string): Promise<readonly SubjectKey[]> {
    const family = this.family(key);
    if (family.length === 0) throw refusal('NOT_FOUND');
    return family;
  }

  async list(): Promise<readonly SubjectKey[]> {
    return this.rows();
  }

  async reveal(key: string, version: number): Promise<string> {
    if (this.row(key, version).state === 'Revoked') throw refusal('KEY_STATE');
    return this.content(key, version);
  }

  async exportKey(key: string, version: number, { password }: Carriage): Promise<Uint8Array> {
    const content = await this.reveal(key, version);
    return Buffer.from(JSON.stringify({ key, version, content: this.sealed(content), password }));
  }

  async importKey(file: Uint8Array, password: string): Promise<void> {
    const carried = JSON.parse(Buffer.from(file).toString());
    if (carried.password !== password) throw new Error('that is not the password');
    const { key, version } = carried;
    this.transaction(() => {
      this.insert({ key, version, state: 'Active' }, this.sealed(carried.content));
    });
  }

  async created(): Promise<readonly string[]> {
    return this.database
      .prepare('SELECT key FROM created')
      .all()
      .map(({ key }) => String(key));
  }

  async validate(): Promise<readonly string[]> {
    return [];
  }

  async close(): Promise<void> {
    this.database.close();
  }

  protected schema(): string {
    return SCHEMA;
  }

  protected transaction<T>(body: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  protected rows(): SubjectKey[] {
    const select = 'SELECT key, version, state FROM keys ORDER BY key, version';
    return this.database
      .prepare(select)
      .all()
      .map(({ key, version, state }) => ({
        key: String(key),
        version: Number(version),
        state: String(state),
      }));
  }

  protected family(key: string): SubjectKey[] {
    return this.rows().filter((row) => row.key === key);
  }

  protected row(key: string, version: number): SubjectKey {
    const found = this.family(key).find((row) => row.version === version);
    if (found === undefined) throw refusal('NOT_FOUND');
    return found;
  }

  /** The version in use. */
  protected inUse(key: string): number {
    const family = this.family(key);
    if (family.length === 0) throw refusal('NOT_FOUND');
    const found = family.findLast(({ state }) => state === 'Active');
    if (found === undefined) throw refusal('KEY_STATE');
    return found.version;
  }

  protected expect(key: string, expectedVersion: number | undefined): void {
    const family = this.family(key);
    if (family.length === 0) throw refusal('NOT_FOUND');
    const latest = family.findLast(({ state }) => state === 'Active') ?? family.at(-1);
    if (expectedVersion !== undefined && latest?.version !== expectedVersion) {
      throw refusal('CONFLICT');
    }
  }

  /** Puts a new version into the place of the one in use. */
  protected replace(key: string, old: number): number {
    const version = (this.family(key).at(-1)?.version ?? 0) + 1;
    this.setState(key, old, 'Deprecated');
    this.insert({ key, version, state: 'Active' }, contentOf(version));
    return version;
  }

  protected insert({ key, version, state }: SubjectKey, content: string): void {
    this.database
      .prepare('INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)')
      .run(key, version, state, Buffer.from(this.sealed(content), 'hex'));
  }

  protected setState(key: string, version: number, state: string): void {
    this.database
      .prepare('UPDATE keys SET state = ? WHERE key = ? AND version = ?')
      .run(state, key, version);
  }

  protected delete(key: string, version: number): void {
    this.database.prepare('DELETE FROM keys WHERE key = ? AND version = ?').run(key, version);
  }

  protected content(key: string, version: number): string {
    const select = this.database.prepare('SELECT content FROM keys WHERE key = ? AND version = ?');
    const { content } = select.get(key, version) ?? {};
    if (!(content instanceof Uint8Array)) throw refusal('NOT_FOUND');
    return this.sealed(Buffer.from(content).toString('hex'));
  }

  /** No cipher: only that the bytes do not lie there as they are. */
  protected sealed(content: string): string {
    return Buffer.from(Buffer.from(content, 'hex').map((byte) => byte ^ 0xa5)).toString('hex');
  }

  protected log(key: string): void {
    this.database.prepare('INSERT INTO created VALUES (?)').run(key);
  }
}

/** Of versions that rotation makes. */
function contentOf(version: number): string {
  return version.toString(16).padStart(64, '0');
}

export function refusal(code: 'CONFLICT' | 'KEY_STATE' | 'NOT_FOUND'): Error {
  return Object.assign(new Error(code), { code });
}

export async function openSubject(setup: VaultSetup): Promise<VaultSubject> {
  return new HonestVault(setup);
}
