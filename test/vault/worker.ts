import { once } from 'node:events';
import { Vault } from '../../src/vault.ts';

// Arguments: role, directory, and what the role takes. Says 'ready' and begins at a line of input.
const [role = '', dir = '', id = '', count = '0'] = process.argv.slice(2);
const unlock = { keyFile: `${dir}/key` };
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const go = async () => {
  say('ready');
  await once(process.stdin, 'data');
  process.stdin.pause();
};

/** Opens a vault that may not be there yet, and makes one key in it. */
async function create(): Promise<void> {
  await go();
  await using vault = await Vault.open({ dir, unlock, lockTimeoutMs: 60_000 });
  const key = await vault.create({ material: Buffer.alloc(32, process.pid % 251) });
  say({ id: key.id, byte: process.pid % 251 });
}

/** Rotates `count` times, each time from the version it knows; encrypts with each it has made. */
async function rotate(): Promise<void> {
  await using vault = await Vault.open({ dir, unlock, lockTimeoutMs: 60_000 });
  await go();
  const made = [];
  let conflicts = 0;
  while (made.length < Number(count)) {
    const { version } = await vault.latest(id);
    try {
      const key = await vault.rotate(id, { expectedVersion: version });
      // Another process may have rotated since: then a later version encrypts.
      const text = `${process.pid}/${key.version}`;
      const ciphertext = await vault.encrypt(id, Buffer.from(text));
      made.push({ version: key.version, text, ciphertext: ciphertext.toString('base64') });
    } catch (error) {
      if ((error as { code?: string }).code !== 'CONFLICT') throw error;
      conflicts += 1;
    }
  }
  say({ made, conflicts });
}

/** Encrypts until it is told that it may not; says how many times it did after `revoked` came in. */
async function encrypt(): Promise<void> {
  await using vault = await Vault.open({ dir, unlock });
  await vault.encrypt(id, Buffer.from('warm'));
  await go();
  // The key was revoked before that line was written.
  try {
    await vault.encrypt(id, Buffer.from('late'));
    say('encrypted');
  } catch (error) {
    say((error as { code?: string }).code);
  }
}

/** Rotates once if the key is old. */
async function elect(): Promise<void> {
  await using vault = await Vault.open({ dir, unlock, lockTimeoutMs: 60_000 });
  await go();
  const { key, rotated } = await vault.rotateIfOlderThan(id, Number(count));
  say({ version: key.version, rotated });
}

const roles: Readonly<Record<string, () => Promise<void>>> = { create, rotate, encrypt, elect };
await roles[role]?.();
