import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { type AuditPolicy, Vault } from '../src/vault.ts';

const CHUNK = 262_144;
const SEALED = CHUNK + 16;
const ALGORITHMS = ['Aes256Gcm', 'ChaCha20Poly1305', 'XChaCha20Poly1305'] as const;
const HEAD = { Aes256Gcm: 73, ChaCha20Poly1305: 73, XChaCha20Poly1305: 85 };

async function openVault(t: TestContext, audit?: AuditPolicy): Promise<Vault> {
  const vault = await Vault.open({ ephemeral: true, audit });
  t.after(() => vault.close());
  return vault;
}

/** What a stream gave, and how it ended. */
async function run(stream: Transform, input: Iterable<Uint8Array>) {
  const parts: Buffer[] = [];
  const sink = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(part);
      done();
    },
  });
  const error = await pipeline(Readable.from(input), stream, sink).then(
    () => undefined,
    (thrown: unknown) => thrown as { readonly code?: string },
  );
  return { bytes: Buffer.concat(parts), error };
}

async function encrypted(vault: Vault, id: string, plaintext: Uint8Array, aad?: Uint8Array) {
  const { bytes, error } = await run(await vault.encryptStream(id, { aad }), [plaintext]);
  assert.equal(error, undefined);
  return bytes;
}

const decrypted = (vault: Vault, bytes: Uint8Array, aad?: Uint8Array) =>
  run(vault.decryptStream({ aad }), [bytes]);

/** The head of a stream and its chunks. */
function chunksOf(stream: Buffer, headBytes: number): { head: Buffer; chunks: Buffer[] } {
  const chunks: Buffer[] = [];
  for (let at = headBytes; at < stream.length; at += SEALED) {
    chunks.push(stream.subarray(at, at + SEALED));
  }
  return { head: stream.subarray(0, headBytes), chunks };
}

/** Refused, with nothing given that is not the beginning of the plaintext. */
async function assertRefused(vault: Vault, stream: Uint8Array, plaintext: Buffer, codes: string[]) {
  const { bytes, error } = await decrypted(vault, stream);
  assert.ok(codes.includes(error?.code ?? 'none'), `${error?.code}`);
  assert.ok(bytes.length === 0 || bytes.length % CHUNK === 0);
  assert.ok(plaintext.subarray(0, bytes.length).equals(bytes));
}

/** The same bytes in parts of those lengths, over and over. */
function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

describe('a stream of the vault', () => {
  for (const algorithm of ALGORITHMS) {
    test(`gives back what went in, however both were cut: ${algorithm}`, async (t) => {
      const vault = await openVault(t);
      const { id } = await vault.create({ algorithm });
      const source = randomBytes(3 * CHUNK + 40);
      const near = fc.integer({ min: -20, max: 20 });
      const size = fc.oneof(
        fc.constantFrom(0, 1, CHUNK, 2 * CHUNK),
        fc
          .tuple(fc.integer({ min: 0, max: 3 }), near)
          .map(([n, by]) => Math.max(0, n * CHUNK + by)),
      );
      const length = fc.oneof(
        fc.integer({ min: 50, max: 9000 }),
        near.map((by) => CHUNK + by),
        near.map((by) => SEALED + by),
        fc.constantFrom(65_536, 600_000),
      );
      const lengths = fc.array(length, { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(size, lengths, lengths, async (sizeBytes, ins, outs) => {
          const plaintext = source.subarray(0, sizeBytes);
          const stream = await run(await vault.encryptStream(id), cut(plaintext, ins));
          const chunks = Math.floor(sizeBytes / CHUNK) + 1;
          assert.equal(stream.bytes.length, HEAD[algorithm] + sizeBytes + 16 * chunks);
          const back = await run(vault.decryptStream(), cut(stream.bytes, outs));
          assert.equal(back.error, undefined);
          assert.ok(back.bytes.equals(plaintext));
        }),
        { numRuns: 25 },
      );
    });
  }

  test('comes a byte at a time as well', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const stream = await run(await vault.encryptStream(id), cut(Buffer.from('hello'), [1]));
    const back = await run(vault.decryptStream(), cut(stream.bytes, [1]));
    assert.equal(back.bytes.toString(), 'hello');
  });

  test('is as it is written down', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create({ algorithm: 'Aes256Gcm' });
    const plaintext = randomBytes(CHUNK + 5);
    const aad = Buffer.from('bound');
    const { head, chunks } = chunksOf(await encrypted(vault, id, plaintext, aad), 73);
    assert.deepEqual([head[0], head[1], head.subarray(2, 18).toString('hex')], [2, 3, id]);
    const field = (kind: number, bytes: Uint8Array) => {
      const start = Buffer.from([kind, 0, 0, 0, bytes.length]);
      return Buffer.concat([start, bytes]);
    };
    const info = Buffer.concat([
      field(2, Buffer.from('holdfast stream')),
      field(3, Buffer.from([0, 0, 0, 0, 0, 0, 0, 1])),
      field(2, Buffer.from('Aes256Gcm')),
      field(1, Buffer.from(id, 'hex')),
    ]);
    using secret = await vault.reveal(id);
    const material = secret.expose();
    const derived = Buffer.from(hkdfSync('sha256', material, head.subarray(18, 34), info, 64));
    assert.ok(derived.subarray(32).equals(head.subarray(34, 66)));
    const opened = chunks.map((chunk, number) => {
      const tail = Buffer.from([0, 0, 0, number, number]);
      const nonce = Buffer.concat([head.subarray(66), tail]);
      const decipher = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), nonce);
      if (number === 0) decipher.setAAD(Buffer.concat([head, aad]));
      decipher.setAuthTag(chunk.subarray(-16));
      return Buffer.concat([decipher.update(chunk.subarray(0, -16)), decipher.final()]);
    });
    assert.ok(Buffer.concat(opened).equals(plaintext));
  });

  for (const algorithm of ALGORITHMS) {
    test(`is refused with any bit of it changed, and at any cut: ${algorithm}`, async (t) => {
      const vault = await openVault(t);
      const { id } = await vault.create({ algorithm });
      const plaintext = Buffer.from('small');
      const stream = await encrypted(vault, id, plaintext);
      const codes = ['DECRYPT_FAILED', 'FORMAT_INVALID', 'NOT_FOUND'];
      for (let bit = 0; bit < 8 * stream.length; bit += 1) {
        const changed = Buffer.from(stream);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await assertRefused(vault, changed, plaintext, codes);
      }
      for (let end = 0; end < stream.length; end += 1) {
        await assertRefused(vault, stream.subarray(0, end), plaintext, codes);
      }
    });
  }

  test('is refused with its chunks in any other order, number or place', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const plaintext = randomBytes(3 * CHUNK + 100);
    const stream = await encrypted(vault, id, plaintext);
    const other = await encrypted(vault, id, plaintext);
    const { head, chunks } = chunksOf(stream, 85);
    const [a, b, c, last] = chunks as [Buffer, Buffer, Buffer, Buffer];
    const theirs = chunksOf(other, 85).chunks as [Buffer, Buffer, Buffer, Buffer];
    const forged: Readonly<Record<string, readonly Buffer[]>> = {
      swapped: [head, b, a, c, last],
      'one dropped': [head, a, c, last],
      'the first dropped': [head, b, c, last],
      'one twice': [head, a, a, b, c, last],
      'cut at a border': [head, a, b, c],
      'cut before the first chunk': [head],
      'the last but one made the last': [head, a, b, c.subarray(0, -1)],
      'the last chunk sooner': [head, a, last],
      'the last twice': [head, a, b, c, last, last],
      'a byte more': [head, a, b, c, last, Buffer.alloc(1)],
      'more behind the end': [head, a, b, c, last, Buffer.alloc(SEALED)],
      'joined to itself': [stream, stream],
      'joined to another': [stream, other],
      'a chunk of another': [head, a, theirs[1], c, last],
      'the end of another': [head, a, b, c, theirs[3]],
      'under the head of another': [other.subarray(0, 85), a, b, c, last],
    };
    for (const [name, parts] of Object.entries(forged)) {
      await t.test(name, () =>
        assertRefused(vault, Buffer.concat(parts), plaintext, ['DECRYPT_FAILED']),
      );
    }
    assert.ok((await decrypted(vault, stream)).bytes.equals(plaintext));
  });

  test('gives what was authentic before a change, and nothing behind it', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const plaintext = randomBytes(2 * CHUNK + 100);
    const stream = await encrypted(vault, id, plaintext);
    stream[85 + SEALED + 7] = (stream[85 + SEALED + 7] ?? 0) ^ 1;
    const { bytes, error } = await decrypted(vault, stream);
    assert.equal(error?.code, 'DECRYPT_FAILED');
    assert.ok(bytes.equals(plaintext.subarray(0, CHUNK)));
  });

  test('opens with what was bound to it only', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const aad = Buffer.from('user 7');
    const plaintext = randomBytes(CHUNK + 1);
    const stream = await encrypted(vault, id, plaintext, aad);
    assert.ok((await decrypted(vault, stream, aad)).bytes.equals(plaintext));
    for (const wrong of [undefined, Buffer.from('user 8'), Buffer.alloc(0)]) {
      const { bytes, error } = await decrypted(vault, stream, wrong);
      assert.deepEqual([bytes.length, error?.code], [0, 'DECRYPT_FAILED']);
    }
  });

  test('and a ciphertext are never taken for each other', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const stream = await encrypted(vault, id, randomBytes(100));
    await assert.rejects(vault.decrypt(stream), { code: 'FORMAT_INVALID' });
    const ciphertext = await vault.encrypt(id, randomBytes(100));
    assert.equal((await decrypted(vault, ciphertext)).error?.code, 'FORMAT_INVALID');
    ciphertext[0] = 2;
    assert.equal((await decrypted(vault, ciphertext)).error?.code, 'DECRYPT_FAILED');
  });
});

describe('the key of a stream', () => {
  /** Writes one chunk and waits for it to come out. */
  async function begun(stream: Transform, chunk: Uint8Array, outBytes: number): Promise<void> {
    stream.write(chunk);
    let seen = 0;
    while (seen < outBytes) {
      await once(stream, 'readable');
      for (let part = stream.read(); part !== null; part = stream.read()) seen += part.length;
    }
  }

  async function codeAfter(stream: Transform, more: Uint8Array): Promise<string | undefined> {
    stream.resume();
    stream.end(more);
    return once(stream, 'end').then(
      () => undefined,
      (error: { readonly code?: string }) => error.code,
    );
  }

  const chunk = randomBytes(CHUNK);

  test('ends it at the next chunk when it is revoked, in both directions', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const stream = await encrypted(vault, id, randomBytes(2 * CHUNK));
    const [to, from] = [await vault.encryptStream(id), vault.decryptStream()];
    await begun(to, chunk, 85 + SEALED);
    await begun(from, stream.subarray(0, 85 + SEALED), CHUNK);
    await vault.revoke(id);
    assert.equal(await codeAfter(to, chunk), 'KEY_STATE');
    assert.equal(await codeAfter(from, stream.subarray(85 + SEALED)), 'KEY_STATE');
    assert.equal((await decrypted(vault, stream)).error?.code, 'KEY_STATE');
    await assert.rejects(vault.encryptStream(id), { code: 'KEY_STATE' });
  });

  test('may be rotated meanwhile', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const to = await vault.encryptStream(id);
    await begun(to, chunk, 85 + SEALED);
    await vault.rotate(id);
    assert.equal(await codeAfter(to, chunk), undefined);
  });

  test('is held to its limits', async (t) => {
    let now = 1_000_000;
    const vault = await Vault.open({ ephemeral: true, now: () => now });
    t.after(() => vault.close());
    const { id } = await vault.create({ encryptUntil: now + 10, decryptUntil: now + 20 });
    const stream = await encrypted(vault, id, chunk);
    const [to, from] = [await vault.encryptStream(id), vault.decryptStream()];
    await begun(to, chunk, 85 + SEALED);
    await begun(from, stream.subarray(0, 85 + SEALED), CHUNK);
    now += 11;
    await assert.rejects(vault.encryptStream(id), { code: 'KEY_EXPIRED' });
    to.write(chunk);
    now += 10;
    assert.equal((await decrypted(vault, stream)).error?.code, 'KEY_EXPIRED');
    assert.equal(await codeAfter(from, stream.subarray(85 + SEALED)), 'KEY_EXPIRED');
    assert.equal(await codeAfter(to, chunk), 'KEY_EXPIRED');
  });

  test('must be there, and one that encrypts', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    await assert.rejects(vault.encryptStream('00'.repeat(16)), { code: 'NOT_FOUND' });
    const key = await vault.create({ algorithm: 'Ed25519' });
    await assert.rejects(vault.encryptStream(key.id), TypeError);
    const stream = await encrypted(vault, id, chunk);
    await vault.revoke(id);
    await vault.delete(id);
    assert.equal((await decrypted(vault, stream)).error?.code, 'NOT_FOUND');
  });

  for (const audit of ['all', 'strict'] as const) {
    test(`has its use in the log: ${audit}`, async (t) => {
      const vault = await openVault(t, audit);
      const { id } = await vault.create();
      const stream = await encrypted(vault, id, randomBytes(CHUNK + 5));
      await decrypted(vault, stream);
      await decrypted(vault, stream.subarray(0, -1));
      await decrypted(vault, stream, Buffer.from('other'));
      const events = [];
      for await (const { event } of vault.audit.watch({ after: 1 })) {
        if (event.kind === 'AuthenticationAttempt' || event.kind === 'KeyCreated') continue;
        events.push(event);
        if (events.length === 8) break;
      }
      const begins = (operation: string) => ({ kind: 'KeyAccessed', keyId: id, operation });
      const ends = (success: boolean) => ({ kind: 'DecryptionPerformed', keyId: id, success });
      assert.deepEqual(events, [
        begins('encrypt a stream'),
        { kind: 'EncryptionPerformed', keyId: id, sizeBytes: CHUNK + 5 },
        ...[begins('decrypt a stream'), ends(true)],
        ...[begins('decrypt a stream'), ends(false)],
        ...[begins('decrypt a stream'), ends(false)],
      ]);
    });
  }
});

describe('streams of files', () => {
  test('go through pipelines', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-streams-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const [plain, sealed, back] = ['plain', 'sealed', 'back'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const plaintext = randomBytes(1_000_000);
    await writeFile(plain, plaintext);
    const vault = await openVault(t);
    const { id } = await vault.create();
    const encrypt = await vault.encryptStream(id);
    await pipeline(createReadStream(plain), encrypt, createWriteStream(sealed));
    await pipeline(createReadStream(sealed), vault.decryptStream(), createWriteStream(back));
    assert.ok(readFileSync(back).equals(plaintext));
    assert.ok(!readFileSync(sealed).includes(plaintext.subarray(0, 16)));
  });

  test('of 300 MiB need no more memory than small ones', async () => {
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const child = join(import.meta.dirname, 'vault', 'stream-child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [child, '300'], { env });
    const { sizeBytes, grownBytes } = JSON.parse(stdout);
    assert.equal(sizeBytes, 300 * 1024 * 1024);
    assert.ok(grownBytes < 64 * 1024 * 1024, `${grownBytes} bytes more`);
  });

  test('that are slow to be read keep the source waiting', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    let asked = 0;
    const source = new Readable({
      read() {
        asked += 1;
        this.push(Buffer.alloc(CHUNK));
      },
    });
    const encrypt = await vault.encryptStream(id);
    source.pipe(encrypt);
    await once(encrypt, 'readable');
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    assert.ok(asked < 5, `${asked} chunks were asked for`);
    source.destroy();
    encrypt.destroy();
  });

  test('end when they are aborted, and fail when the vault closes', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const endless = () =>
      new Readable({
        read() {
          this.push(Buffer.alloc(CHUNK));
        },
      });
    const nowhere = () => new Writable({ write: (_part, _encoding, done) => setImmediate(done) });
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pipeline(endless(), await vault.encryptStream(id), nowhere(), { signal });
    const closed = pipeline(endless(), await vault.encryptStream(id), nowhere());
    const both = Promise.allSettled([aborted, closed]);
    setImmediate(() => {
      controller.abort();
      vault.close();
    });
    const reasons = (await both).map((end) => end.status === 'rejected' && end.reason);
    assert.equal(reasons[0].name, 'AbortError');
    assert.equal(reasons[1].code, 'CLOSED');
  });
});
