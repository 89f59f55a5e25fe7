import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import { wipe, wipeable } from '../../src/vault/hygiene/wipe.ts';
import { type Algorithm, readPassword, Scrubber, type Unlock, Vault } from '../../src/vault.ts';

/*
 * Uses a vault in all ways, with secrets that its parent knows, and says where it is: then its
 * parent reads its memory, and writes a line when it has.
 */
const [dir = ''] = process.argv.slice(2);
const argon2 = { memoryKib: 64, passes: 1, parallelism: 1 };

const file: { readonly mask: string; readonly masked: Readonly<Record<string, string>> } =
  JSON.parse(readFileSync(`${dir}/masked.json`, 'utf8'));
const mask = Buffer.from(file.mask, 'hex');

/** A secret in memory of its own. Until it is asked for, it stands nowhere in this process. */
function canary(name: string): Buffer {
  const masked = Buffer.from(file.masked[name] ?? '', 'hex');
  if (masked.length === 0) throw new Error(`no canary ${name}`);
  const bytes = wipeable(masked.length);
  for (const [at, byte] of masked.entries()) bytes[at] = byte ^ (mask[at % mask.length] ?? 0);
  return bytes;
}

/** Lends secrets, and wipes them. */
async function lend<T>(
  names: readonly string[],
  use: (...secrets: Buffer[]) => Promise<T>,
): Promise<T> {
  const secrets = names.map(canary);
  try {
    return await use(...secrets);
  } finally {
    wipe(...secrets);
  }
}

async function say(place: string): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    // Key objects are freed, and overwritten, when the collector finds that nobody has them.
    globalThis.gc?.();
    await turn();
  }
  process.stdout.write(`${place}\n`);
  const told = once(process.stdin, 'data');
  process.stdin.resume();
  await told;
  process.stdin.pause();
}

/** What is here on purpose: without it, finding nothing would prove nothing. */
const kept: unknown[] = [canary('kept bytes'), canary('kept text').toString('latin1')];
Object.assign(globalThis, { kept });

async function open(unlock: Unlock): Promise<Vault> {
  return Vault.open({ dir, unlock });
}

async function makeWaysIn(): Promise<void> {
  await using vault = await lend(['password'], (password) =>
    Vault.open({ dir, unlock: { password, argon2 } }),
  );
  await lend(['recovery code'], (recoveryCode) => vault.slots.add({ recoveryCode }));
  await vault.slots.add({ keyFile: `${dir}/key` });
  await vault.slots.add({ publicKey: readFileSync(`${dir}/public`) });
  await vault.slots.add({ command: ['cat', `${dir}/printed`] });
  await lend(['second password'], (password) => vault.slots.add({ password, argon2 }));
}

async function useWaysIn(): Promise<void> {
  await lend(['wrong password'], (password) => open({ password })).catch(() => undefined);
  await (await lend(['password'], (password) => open({ password }))).close();
  await (await lend(['recovery code'], (recoveryCode) => open({ recoveryCode }))).close();
  await (await open({ keyFile: `${dir}/key` })).close();
  await (await lend(['private key'], (privateKey) => open({ privateKey }))).close();
  await (await open({ command: ['cat', `${dir}/printed`] })).close();
  const password = await readPassword({ file: `${dir}/password` });
  await (await open({ password })).close();
  wipe(password);
}

/** For the parent. */
const made: { readonly ids: string[]; readonly ciphertexts: string[] } = {
  ids: [],
  ciphertexts: [],
};

const USES: Readonly<Record<Algorithm, (vault: Vault, id: string) => Promise<void>>> = {
  Aes256Gcm: encrypt,
  ChaCha20Poly1305: encrypt,
  XChaCha20Poly1305: encrypt,
  Ed25519: async (vault, id) => {
    const data = Buffer.from('data');
    await vault.verify(await vault.sign(id, data), data);
  },
  X25519: async (vault, id) => {
    const peer = await vault.create({ algorithm: 'X25519' });
    (await vault.agree(id, await vault.publicKey(peer.id))).dispose();
  },
  HmacSha256: async (vault, id) => {
    const data = Buffer.from('data');
    await vault.verifyHmac(await vault.hmac(id, data), data);
    (await vault.derive(id, { lengthBytes: 48 })).dispose();
  },
};

async function useKeys(vault: Vault): Promise<void> {
  for (const algorithm of Object.keys(USES) as Algorithm[]) {
    const { id } = await lend([`material ${algorithm}`], (material) =>
      vault.create({ algorithm, material }),
    );
    made.ids.push(id);
    for (const version of [id, (await vault.rotate(id)).id]) {
      const secret = await vault.reveal(version);
      secret.withBytes((bytes) => bytes.length);
      secret.dispose();
    }
    await USES[algorithm](vault, id);
  }
}

async function encrypt(vault: Vault, id: string): Promise<void> {
  for (const name of ['small plaintext', 'plaintext', 'large plaintext']) {
    const ciphertext = await lend([name], (plaintext) => vault.encrypt(id, plaintext));
    wipe(await vault.decrypt(ciphertext));
    await vault.rotate(id);
    const again = await vault.rewrap(ciphertext);
    made.ciphertexts.push(ciphertext.toString('base64'), again.toString('base64'));
    again[again.length - 1] = (again.at(-1) ?? 0) ^ 1;
    await vault.decrypt(again).catch(() => undefined);
  }
  await stream(vault, id);
}

async function stream(vault: Vault, id: string): Promise<void> {
  const encrypted = await lend(['large plaintext'], async (plaintext) =>
    buffer(Readable.from([plaintext]).pipe(await vault.encryptStream(id))),
  );
  const decrypted = Readable.from([encrypted]).pipe(vault.decryptStream());
  for await (const plaintext of decrypted) wipe(plaintext);
}

async function useSecrets(vault: Vault): Promise<void> {
  const names = Object.keys(file.masked).filter((name) => name.startsWith('secret/'));
  for (const name of names) {
    await lend([name], (value) => vault.secrets.set(name, value));
    using secret = await vault.secrets.get(name);
    using scrubber = new Scrubber([['it', secret]]);
    scrubber.scrub('nothing of it');
  }
  await lend(['secret/fields'], (value) => vault.secrets.set('fields', value));
  (await vault.secrets.resolve('vault://fields#one')).dispose();
}

async function exchange(vault: Vault): Promise<void> {
  const [id = ''] = made.ids;
  const unlock = { keyFile: `${dir}/key` };
  const other = await Vault.open({ dir: `${dir}/other`, unlock });
  await lend(['file password'], async (password) => {
    await other.importKey(await vault.exportKey(id, password, { argon2 }), password);
    const rust = await other.backup(password, { format: 'rust-keyvault-v1' });
    await other.restore(rust, password, { overwrite: true });
    await other.restore(await vault.backup(password, { argon2 }), password);
  });
  const params = { memoryKib: 19_456, passes: 3, parallelism: 4 };
  await lend(['directory password'], (password) =>
    other.importRustKeyvault(`${dir}/rust`, { password, params }),
  );
  await other.close();
  kept.push(other);
}

await makeWaysIn();
await useWaysIn();
const vault = await open({ keyFile: `${dir}/key` });
await useKeys(vault);
await useSecrets(vault);
await exchange(vault);
await writeFile(`${dir}/made.json`, JSON.stringify(made));
await say('open');
await vault.close();
// As a program does that has it in a variable.
kept.push(vault);
await say('closed');
writeHeapSnapshot(`${dir}/heap.json`);
await say('written');
