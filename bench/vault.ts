import {
  argon2Sync,
  createCipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Vault } from '../src/vault.ts';
import { atLeast, atMost, type Bench, type Figure, median, microseconds } from './figure.ts';
import { inWorkspace } from './workspace.ts';

const CALLS = 20_000;
const COMMITS = 2000;
const CALLERS = 64;
const LARGE_BYTES = 1024 * 1024;
const GET_GOAL_MS = 0.002;

/** What a vault costs beside the bare primitive, and beside a bare commit. */
export const vault: Bench = {
  name: 'a vault',
  run: () =>
    inWorkspace(async (directory) => {
      const unlock = { keyFile: join(directory, 'key') };
      await using open = await Vault.open({ dir: directory, unlock });
      return [
        await reading(open),
        await encrypting(open, 32, 1.5, CALLS),
        await encrypting(open, LARGE_BYTES, 1.15, 1000),
        ...(await rotating(open, directory)),
        await unlocking(directory),
      ];
    }),
};

/** ms of each call, after as many that are not measured. */
async function timesOf(count: number, call: () => unknown): Promise<readonly number[]> {
  for (let index = 0; index < count; index += 1) await call();
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  return times;
}

/** The clock costs about as much as what is measured, so this is the mean of many calls. */
async function reading(open: Vault): Promise<Figure> {
  const { id } = await open.create();
  const times: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    const begun = performance.now();
    for (let call = 0; call < 1000; call += 1) await open.get(id);
    times.push((performance.now() - begun) / 1000);
  }
  const each = median(times);
  return {
    what: 'a key is looked at, current in this very moment across all processes',
    measured: microseconds(each),
    goal: `<= ${microseconds(GET_GOAL_MS)}`,
    pass: each <= GET_GOAL_MS,
  };
}

async function encrypting(
  open: Vault,
  sizeBytes: number,
  limit: number,
  calls: number,
): Promise<Figure> {
  const { id } = await open.create({ algorithm: 'Aes256Gcm' });
  const plaintext = randomBytes(sizeBytes);
  const key = createSecretKey(randomBytes(32));
  // In turns, so that both meet the same machine.
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 5; turn += 1) {
    bare.push(median(await timesOf(calls / 5, () => encryptBare(key, plaintext))));
    ours.push(median(await timesOf(calls / 5, () => open.encrypt(id, plaintext))));
  }
  const [our, floor] = [median(ours), median(bare)];
  const detail = `${microseconds(our)} beside ${microseconds(floor)} of bare AES-256-GCM`;
  return atMost(`${sizeBytes} bytes are encrypted`, our / floor, limit, detail);
}

function encryptBare(key: KeyObject, plaintext: Uint8Array): Buffer {
  const nonce = randomFillSync(Buffer.allocUnsafe(12));
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

async function rotating(open: Vault, directory: string): Promise<readonly Figure[]> {
  const keys = await Promise.all(Array.from({ length: CALLERS }, () => open.create()));
  const database = new DatabaseSync(join(directory, 'bare.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE keys (id INTEGER PRIMARY KEY, value BLOB) STRICT`);
  const insert = database.prepare('INSERT INTO keys (value) VALUES (?)');
  const value = randomBytes(200);
  const bare: number[] = [];
  const ours: number[] = [];
  let turn = 0;
  for (let round = 0; round < 5; round += 1) {
    bare.push(...(await timesOf(COMMITS / 10, () => insert.run(value))));
    ours.push(
      ...(await timesOf(COMMITS / 10, () => open.rotate(keys[turn++ % CALLERS]?.id ?? ''))),
    );
  }
  database.close();
  const begun = performance.now();
  const each = Math.ceil(COMMITS / CALLERS) * 2;
  await Promise.all(
    keys.map(async ({ id }) => {
      for (let call = 0; call < each; call += 1) await open.rotate(id);
    }),
  );
  const together = (performance.now() - begun) / (each * CALLERS);
  const [our, floor] = [median(ours), median(bare)];
  return [
    atMost(
      'a key is rotated, on the disk',
      our / floor,
      3,
      `${microseconds(our)} beside ${microseconds(floor)} of a bare SQLite commit with fsync`,
    ),
    atLeast(
      `the same with ${CALLERS} callers at once, for each`,
      our / together,
      3,
      `${microseconds(together)} beside ${microseconds(our)}`,
    ),
  ];
}

async function unlocking(directory: string): Promise<Figure> {
  const dir = join(directory, 'password');
  const password = Buffer.from('a password for a bench');
  await (await Vault.open({ dir, unlock: { password } })).close();
  const params = { message: password, nonce: Buffer.alloc(32, 1), tagLength: 32 };
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    let begun = performance.now();
    argon2Sync('argon2id', { ...params, memory: 65_536, passes: 3, parallelism: 4 });
    bare.push(performance.now() - begun);
    begun = performance.now();
    await using _ = await Vault.open({ dir, unlock: { password } });
    ours.push(performance.now() - begun);
  }
  const [our, floor] = [median(ours), median(bare)];
  return {
    what: 'a vault is opened with a password',
    measured: `${our.toFixed(0)} ms beside ${floor.toFixed(0)} ms of bare Argon2id`,
    goal: '',
  };
}
