import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, describe, type TestContext, test } from 'node:test';
import { one } from '../src/engine/steps.ts';
import { argon2id } from '../src/vault/crypto/argon2.ts';
import { hkdf } from '../src/vault/crypto/derive.ts';
import { transcript } from '../src/vault/crypto/transcript.ts';
import { openVault } from '../src/vault/open.ts';
import { newRecipientKeys } from '../src/vault/slots/recipient.ts';
import { recoverySecret } from '../src/vault/slots/recovery.ts';
import { parseSlot } from '../src/vault/slots/slot.ts';
import { slotKey } from '../src/vault/slots/slot-key.ts';
import { deriveSession } from '../src/vault/use/session-key.ts';
import { readHeader } from '../src/vault/vault-file.ts';
import { newRecoveryCode, parseCiphertext, Vault } from '../src/vault.ts';
import { type Hit, Needles } from './vault/memory-scan.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-leaks-')));
const unlock = { keyFile: join(dir, 'key') };

/** Text of a password: it must not be read as anything but itself. */
const text = (length: number) =>
  Buffer.from(randomBytes(length).toString('base64url').slice(0, length));

const recipient = newRecipientKeys();
const printed = text(40);
const fields = [text(24), text(16)] as const;

/** What the child is given. What two of them have in common is looked for on its own. */
const canaries: Readonly<Record<string, Buffer>> = {
  'kept bytes': randomBytes(48),
  'kept text': text(48),
  password: text(32),
  'second password': text(24),
  'wrong password': text(24),
  'file password': text(24),
  'recovery code': newRecoveryCode(),
  'private key': recipient.privateKey,
  'small plaintext': randomBytes(32),
  plaintext: randomBytes(1000),
  'large plaintext': randomBytes(100_000),
  'secret/16': randomBytes(16),
  'secret/text': text(40),
  'secret/1000': randomBytes(1000),
  'secret/large': randomBytes(60_000),
  ...Object.fromEntries(
    ['Aes256Gcm', 'ChaCha20Poly1305', 'XChaCha20Poly1305', 'Ed25519', 'X25519', 'HmacSha256'].map(
      (algorithm) => [`material ${algorithm}`, randomBytes(32)],
    ),
  ),
};
const KEPT = ['kept bytes', 'kept text'];

/**
 * Plaintexts of more than 72 bytes, of which Node frees a copy that is written over only if the
 * collector does not run just then: once in some thousand times it does.
 */
const LONG = ['plaintext', 'large plaintext', 'secret/1000', 'secret/large'];
const LONG_LEFT_MAX = 2;

/** Of the same length for all, so that it is longer than most. */
function masked(secrets: Readonly<Record<string, Buffer>>): string {
  const mask = randomBytes(64);
  const entries = Object.entries(secrets).map(([name, bytes]) => {
    const hidden = Buffer.from(bytes).map((byte, at) => byte ^ (mask[at % mask.length] ?? 0));
    return [name, Buffer.from(hidden).toString('hex')] as const;
  });
  return JSON.stringify({ mask: mask.toString('hex'), masked: Object.fromEntries(entries) });
}

function prepare(): void {
  const given = {
    ...canaries,
    'secret/fields': Buffer.from(`{"one":"${fields[0]}","two":"${fields[1]}"}`),
    'directory password': Buffer.from('vault-password'),
  };
  const write = (name: string, content: string | Buffer) =>
    writeFileSync(join(dir, name), content, { mode: 0o600 });
  write('masked.json', masked(given));
  write('public', recipient.publicKey);
  write('printed', printed);
  write('password', canaries['second password'] ?? '');
  const fixture = join(import.meta.dirname, 'fixtures/keyvault/vault-encrypted');
  cpSync(fixture, join(dir, 'rust'), { recursive: true });
}

/** What the child was given or has read, and must not have any more. */
function givenSecrets(): Needles {
  const needles = new Needles();
  for (const [name, bytes] of Object.entries(canaries)) needles.add(name, bytes);
  needles.add('recovery secret', recoverySecret(canaries['recovery code'] ?? Buffer.alloc(0)));
  needles.add('printed', printed);
  needles.add('field one', fields[0]);
  needles.add('field two', fields[1]);
  needles.add('key file', readFileSync(unlock.keyFile));
  return needles;
}

/** Keys that it has made: those in use lie in its memory while the vault is open. */
async function addKeys(needles: Needles): Promise<void> {
  const { engine, root, keys } = await openVault({ dir, unlock });
  const { vaultId, records } = keys;
  const rootBytes = root.export();
  needles.add('root', rootBytes);
  for (const purpose of ['records', 'state', 'members', 'audit']) {
    const info = transcript('holdfast vault', 1, purpose);
    needles.add(`key of ${purpose}`, hkdf('sha256', { key: rootBytes, salt: vaultId, info }));
  }
  const name = 'secret/text';
  const row = await engine.read(() =>
    one<{ sealed_key: Uint8Array }>('SELECT sealed_key FROM secrets WHERE name = ?', name),
  );
  const aad = transcript('holdfast vault secret key', vaultId, name);
  needles.add('key of a secret', records.open(row?.sealed_key ?? new Uint8Array(0), aad));
  const header = await engine.read(readHeader);
  for (const { slot } of header?.slots ?? []) {
    const { params } = parseSlot(slot);
    if (params.kind !== 'password') continue;
    for (const password of ['password', 'second password']) {
      const bytes = canaries[password] ?? Buffer.alloc(0);
      const stretched = await argon2id(bytes, params.salt, params.argon2);
      needles.add(`stretched ${password}`, stretched);
      needles.add(`slot key of ${password}`, slotKey('password', stretched, params.salt));
    }
  }
  await engine.close();
}

async function addMaterials(needles: Needles): Promise<void> {
  const made = JSON.parse(readFileSync(join(dir, 'made.json'), 'utf8')) as {
    readonly ids: readonly string[];
    readonly ciphertexts: readonly string[];
  };
  await using vault = await Vault.open({ dir, unlock });
  const { items } = await vault.list();
  for (const { id, version, algorithm } of items) {
    using material = await vault.reveal(id);
    const isGiven = made.ids.includes(id);
    if (!isGiven) needles.add(`material ${algorithm} ${version}`, material.expose());
    if (algorithm === 'HmacSha256' && isGiven) {
      using derived = await vault.derive(id, { lengthBytes: 48 });
      needles.add('derived key', derived.expose());
    }
    const peer = items.find((key) => key.algorithm === 'X25519' && key.baseId !== id);
    if (algorithm === 'X25519' && isGiven && peer) {
      using agreed = await vault.agree(id, await vault.publicKey(peer.baseId));
      needles.add('agreed key', agreed.expose());
    }
  }
  for (const [number, ciphertext] of made.ciphertexts.entries()) {
    const { algorithm, keyId: id, salt } = parseCiphertext(Buffer.from(ciphertext, 'base64'));
    using material = await vault.reveal(id);
    const { key } = deriveSession(material.expose(), { id, algorithm, salt });
    needles.add(`session ${number} of ${algorithm}`, key.export());
  }
}

/** The child, who goes on when it is told. */
class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const { NODE_TEST_CONTEXT: _, NODE_EXTRA_CA_CERTS: __, ...env } = process.env;
    const file = join(import.meta.dirname, 'vault/leak-child.ts');
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    this.#process = spawn(process.execPath, ['--expose-gc', file, dir], { env, stdio: [...stdio] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async reaches(place: string): Promise<void> {
    assert.equal((await this.#lines.next()).value, place);
  }

  goOn(): void {
    this.#process.stdin.write('\n');
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

const NO_MEMORY =
  process.platform === 'linux' ? undefined : 'memory of another process is read on Linux only';

/** How a finding is told: no part of the secret itself. */
const told = ({ name, form, sizeBytes, mapping }: Hit) =>
  `${name} (${form}, ${sizeBytes} bytes) in ${mapping || 'memory without a name'}`;

describe('the memory of a process', { skip: NO_MEMORY }, () => {
  let child: Child;
  let open: readonly Hit[] = [];
  let closed: readonly Hit[] = [];
  let refused: string | undefined;
  let needles: Needles;
  let named: ReadonlySet<string>;

  before(async () => {
    prepare();
    child = new Child();
    await child.reaches('open');
    needles = givenSecrets();
    const given = new Set(needles.names);
    await addKeys(needles);
    await addMaterials(needles);
    named = new Set(needles.names).difference(given);
    try {
      open = needles.findIn(child.pid);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') throw error;
      refused = message;
      return;
    }
    child.goOn();
    await child.reaches('closed');
    closed = needles.findIn(child.pid);
    child.goOn();
    await child.reaches('written');
  });

  after(async () => {
    await child.end();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Says so, and skips the test, where the system does not let us look. */
  function canLook(t: TestContext): boolean {
    if (refused !== undefined) t.skip(refused);
    return refused === undefined;
  }

  test('has what is kept on purpose, as bytes and as text', (t) => {
    if (!canLook(t)) return;
    for (const hits of [open, closed]) {
      const found = new Set(hits.map(({ name }) => name));
      assert.deepEqual(
        KEPT.filter((name) => !found.has(name)),
        [],
      );
    }
  });

  test('has keys of an open vault as key objects have them, and nothing else of it', (t) => {
    if (!canLook(t)) return;
    const counts = new Map<string, number>();
    for (const hit of open) {
      if (KEPT.includes(hit.name) || LONG.includes(hit.name)) continue;
      const isKey = hit.form === 'raw' && hit.sizeBytes === 32 && isKeyInUse(hit.name);
      assert.ok(isKey, told(hit));
      counts.set(hit.name, (counts.get(hit.name) ?? 0) + 1);
    }
    for (const [name, count] of counts) t.diagnostic(`while open: ${name} ${count}`);
    // That these are found shows that they are what is looked for when it is closed.
    for (const name of needles.names) {
      if (isKeyInUse(name)) assert.ok((counts.get(name) ?? 0) > 0, `${name} is not found`);
    }
  });

  /** Keys that an open vault works with; a private key for a curve is made of the material. */
  function isKeyInUse(name: string): boolean {
    const isKey = /^(root|key of (?!a secret)|material|session)/.test(name);
    return isKey && (named.has(name) || name.startsWith('material'));
  }

  test('has nothing of a vault that was closed, neither keys nor passwords nor secrets', (t) => {
    if (!canLook(t)) return;
    const left = closed.filter(({ name }) => !KEPT.includes(name));
    const long = left.filter(({ name }) => LONG.includes(name));
    assert.deepEqual(left.filter((hit) => !long.includes(hit)).map(told), []);
    for (const hit of long) t.diagnostic(`left: ${told(hit)}`);
    assert.ok(long.length <= LONG_LEFT_MAX, long.map(told).join('; '));
  });

  test('shows nothing of it in a snapshot of the heap', (t) => {
    if (!canLook(t)) return;
    const snapshot = readFileSync(join(dir, 'heap.json'));
    // The rest is numbers.
    const strings = snapshot.subarray(snapshot.lastIndexOf('"strings":'));
    assert.deepEqual(needles.findAll(strings), ['kept text']);
  });
});
