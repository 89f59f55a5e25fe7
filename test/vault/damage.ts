import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { HoldfastError } from '../../src/errors.ts';
import { type CreateOptions, Vault } from '../../src/vault.ts';

/** A small vault, to be damaged and read again. */
export interface Specimen {
  readonly dir: string;
  /** The file that is damaged, and what it is when it is whole. */
  readonly file: string;
  readonly whole: Buffer;
  /** The other files of the vault; undefined where there must be none. */
  readonly others: readonly (readonly [path: string, bytes: Buffer | undefined])[];
  /** What the vault may say: all that it has said, and nothing else. */
  readonly stories: readonly string[];
}

export type SpecimenKind = 'database' | 'log' | 'lock';

const FILES: Readonly<Record<SpecimenKind, string>> = {
  database: 'vault.db',
  log: 'vault.db-wal',
  lock: 'vault.lock',
};

const CIPHERTEXT = 'ciphertext';

/** No cost of a disk, no long wait for a lock that nobody holds, and no new vault for one that is gone. */
const open = (dir: string, create = false) =>
  Vault.open({
    ...{ dir, create, unlock: { keyFile: join(dir, 'key') } },
    ...{ durability: 'process', lockTimeoutMs: 500 },
  });

/** Makes a vault of which each kind of row is there: keys, a secret, events, a failed attempt told. */
export async function makeSpecimen(home: string): Promise<void> {
  const [live, closed, logged] = ['live', 'closed', 'logged'].map((name) => join(home, name));
  if (!live || !closed || !logged) return;
  const stories: string[] = [];
  const vault = await open(live, true);
  const key = { id: 'a5'.repeat(16), material: randomBytes(32), decryptUntil: 2 ** 42 };
  const { id } = key;
  writeFileSync(join(live, CIPHERTEXT), await ciphertextOf(key));
  const steps = [
    () => vault.create({ ...key, label: 'sessions' }),
    () => vault.rotate(id),
    () => vault.create({ algorithm: 'Ed25519' }),
    () => vault.secrets.set('name', Buffer.from('value'), { tags: { env: 'test' } }),
    () => vault.secrets.set('name', Buffer.from('other')),
    () => vault.rotate(id, { stage: true }),
    () => vault.revoke(id),
  ];
  stories.push(await storyOf(live));
  for (const step of steps) {
    await step();
    stories.push(await storyOf(live));
  }
  // As a process leaves them that was killed: nothing was taken over from the log yet.
  mkdirSync(logged);
  for (const name of ['key', CIPHERTEXT, FILES.database, FILES.log]) {
    cpSync(join(live, name), join(logged, name));
  }
  await vault.close();
  cpSync(live, closed, { recursive: true });
  writeFileSync(join(home, 'stories.json'), JSON.stringify(stories));
}

/** By another vault with the same key, so that it is there before the key is. */
async function ciphertextOf(key: CreateOptions & { readonly id: string }): Promise<Buffer> {
  await using other = await Vault.open({ ephemeral: true, name: 'damage' });
  await other.create(key);
  return await other.encrypt(key.id, Buffer.from('text'));
}

/** A copy of it for one worker. */
export function takeSpecimen(home: string, kind: SpecimenKind, name: string): Specimen {
  const dir = join(home, name);
  cpSync(join(home, kind === 'log' ? 'logged' : 'closed'), dir, { recursive: true });
  const file = join(dir, FILES[kind]);
  const stories: string[] = JSON.parse(readFileSync(join(home, 'stories.json'), 'utf8'));
  const paths = Object.values(FILES).map((one) => join(dir, one));
  return {
    ...{ dir, file, whole: readFileSync(file) },
    others: [...paths, join(dir, 'vault.db-shm')]
      .filter((path) => path !== file)
      .map((path) => [path, existsSync(path) ? readFileSync(path) : undefined]),
    // A log that ends early is an older vault, and who was not there then cannot know better.
    stories: stories.slice(kind === 'log' ? 0 : -1),
  };
}

/**
 * Everything that the vault in a directory says. Of attempts that failed anybody can tell who can
 * write to the file: they are told by those who cannot open it.
 */
async function storyOf(dir: string): Promise<string> {
  await using vault = await open(dir);
  await vault.audit.verify();
  const records = await vault.audit.read();
  const events = records.filter(({ event }) => event.kind !== 'AuthenticationAttempt');
  return JSON.stringify([
    ...(await keysOf(vault)),
    ...[events, await vault.slots.list()],
    ...(await secretsOf(vault)),
    await orAbsent(async () => String(await vault.decrypt(readFileSync(join(dir, CIPHERTEXT))))),
  ]);
}

async function keysOf(vault: Vault): Promise<unknown[]> {
  const { items } = await vault.list();
  const materials = [];
  for (const { id } of items) {
    materials.push(
      await orAbsent(async () => {
        using secret = await vault.reveal(id);
        return Buffer.from(secret.expose()).toString('hex');
      }),
    );
  }
  return [items, materials];
}

async function secretsOf(vault: Vault): Promise<unknown[]> {
  const { items } = await vault.secrets.list({ includeDeleted: true });
  const values = [];
  for (const { name, version } of items) {
    for (let number = 1; number <= version; number += 1) {
      using secret = await vault.secrets.get(name, number);
      values.push(secret.text());
    }
  }
  return [items, values];
}

/** What is not there, or revoked, is part of the story. */
async function orAbsent(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : '';
    if (code === 'NOT_FOUND' || code === 'KEY_STATE') return code;
    throw error;
  }
}

/** 'same', the code of a refusal, or what went wrong. */
export type Outcome = { readonly is: string } | { readonly wrong: string };

/** What becomes of a vault whose file is `bytes`. With `writes`, what still opens is written, too. */
export async function outcomeOf(
  { dir, file, others, stories }: Specimen,
  bytes: Uint8Array,
  writes: boolean,
): Promise<Outcome> {
  writeFileSync(file, bytes);
  for (const [path, before] of others) {
    if (before) writeFileSync(path, before);
    else rmSync(path, { force: true });
  }
  try {
    const story = await storyOf(dir);
    if (!stories.includes(story)) return { wrong: `it says ${story}` };
    if (writes) await writeOn(dir);
    return { is: 'same' };
  } catch (error) {
    if (error instanceof HoldfastError) return { is: error.code };
    return { wrong: error instanceof Error ? `${error.stack}` : String(error) };
  }
}

/** What is written from here on is there afterwards, with all that was there before. */
async function writeOn(dir: string): Promise<void> {
  const expected = await (async () => {
    await using vault = await open(dir);
    const before = (await vault.list()).items;
    const made = await vault.create({ label: 'later' });
    await vault.secrets.set('later', Buffer.from('later'));
    return [...before, made].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  })();
  await using vault = await open(dir);
  const found = (await vault.list()).items;
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`what was written is not there: ${JSON.stringify(found)}`);
  }
  using secret = await vault.secrets.get('later');
  if (secret.text() !== 'later') throw new Error('the secret is another one');
  await vault.audit.verify();
}

/** One change of a file: a bit turned, an end cut off or put on, or a page in the place of another. */
export type Damage =
  | { readonly bit: number }
  | { readonly cut: number }
  | { readonly more: number }
  | { readonly page: number; readonly by: number | undefined };

export const PAGE_BYTES = 1024;

export function damaged(whole: Buffer, damage: Damage): Buffer {
  if ('cut' in damage) return whole.subarray(0, damage.cut);
  if ('more' in damage) return Buffer.concat([whole, Buffer.alloc(damage.more)]);
  const copy = Buffer.from(whole);
  if ('bit' in damage) {
    const offset = damage.bit >> 3;
    copy[offset] = (copy[offset] ?? 0) ^ (1 << (damage.bit & 7));
    return copy;
  }
  const { page, by } = damage;
  const end = (page + 1) * PAGE_BYTES;
  if (by === undefined) copy.fill(0, page * PAGE_BYTES, end);
  else whole.copy(copy, page * PAGE_BYTES, by * PAGE_BYTES, (by + 1) * PAGE_BYTES);
  return copy;
}

/** Where the rows of the tables `vault` and `slots` lie in the file, with what is before them in their cells. */
export function headerRows(file: string, whole: Buffer): readonly (readonly [number, number])[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const vault = database.prepare('SELECT vault_id, commitment, state FROM vault').all();
    const slots = database.prepare('SELECT id, slot FROM slots').all();
    return [...vault, ...slots].map((row) => {
      const places = Object.values(row).map((value) => {
        const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
        const start = whole.indexOf(bytes);
        if (start < 0) throw new Error('a value of a row is not in one piece');
        return [start, start + bytes.length] as const;
      });
      const start = Math.min(...places.map(([from]) => from));
      return [start - CELL_HEAD_BYTES, Math.max(...places.map(([, to]) => to))] as const;
    });
  } finally {
    database.close();
  }
}

/** Size, row id and header of a record of a handful of columns (sqlite.org/fileformat2.html). */
const CELL_HEAD_BYTES = 24;
