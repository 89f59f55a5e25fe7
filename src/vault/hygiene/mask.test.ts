import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MaskStream } from './mask.ts';
import { Scrubber } from './scrub.ts';

const SECRET = 'correct horse';
const scrubber = new Scrubber(Object.entries({ horse: Buffer.from(SECRET) }));

const encodings: readonly ((secret: Buffer) => string)[] = [
  (secret) => secret.toString(),
  (secret) => secret.toString('hex'),
  (secret) => secret.toString('base64'),
  (secret) => secret.toString('base64url'),
  (secret) => Buffer.concat([Buffer.from('x'), secret, Buffer.from('yz')]).toString('base64'),
  (secret) => Buffer.concat([Buffer.from('xy'), secret]).toString('base64'),
  (secret) => encodeURIComponent(secret.toString()),
  (secret) => JSON.stringify(secret.toString()),
];

/** Secrets that hold one another, and texts of them, of their forms, of parts, and of other text. */
const scene = fc
  .array(
    fc.string({ unit: fc.constantFrom('a', 'b', '"', 'é', ' '), minLength: 3, maxLength: 8 }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .chain((texts) => {
    const secrets = texts.map((text) => Buffer.from(text));
    const form = fc
      .tuple(fc.constantFrom(...secrets), fc.constantFrom(...encodings))
      .map(([secret, encode]) => encode(secret));
    const part = fc
      .tuple(form, fc.nat(9), fc.nat(9))
      .map(([text, from, size]) => text.slice(from, from + size));
    const other = fc.string({ unit: fc.constantFrom('a', 'b', 'Y', '=', '%', '\\', '\n') });
    const text = fc.array(fc.oneof(form, part, other), { maxLength: 8 });
    return fc.record({
      secrets: fc.constant(secrets),
      text: text.map((pieces) => Buffer.from(pieces.join(''))),
      cuts: fc.array(fc.nat(), { maxLength: 12 }),
    });
  });

function cutAt(text: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
  return [...places, text.length].map((to, index) => text.subarray(places[index - 1] ?? 0, to));
}

describe('a masked text', () => {
  test('is the same wherever it was cut', () => {
    fc.assert(
      fc.property(scene, ({ secrets, text, cuts }) => {
        const every = new Scrubber(secrets.map((secret, n) => [`${n}`, secret]));
        const whole = every.scrub(text.toString());
        const masker = every.masker();
        const pieces = cutAt(text, cuts).map((piece) => masker.push(piece));
        const masked = Buffer.concat([...pieces, masker.end()]);
        assert.equal(masked.toString(), whole.text);
        assert.deepEqual(every.namesOf(masker), whole.found);
      }),
      { numRuns: 300 },
    );
  });

  test('is the same byte by byte', () => {
    fc.assert(
      fc.property(scene, ({ secrets, text }) => {
        const every = new Scrubber(secrets.map((secret, n) => [`${n}`, secret]));
        const masker = every.masker();
        const pieces = [...text].map((byte) => masker.push(Buffer.from([byte])));
        const masked = Buffer.concat([...pieces, masker.end()]);
        assert.equal(masked.toString(), every.scrub(text.toString()).text);
      }),
      { numRuns: 150 },
    );
  });

  test('has come out but for an end that a form begins with', () => {
    const secret = Buffer.from(SECRET);
    const forms = encodings.map((encode) => encode(secret));
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.nat(), fc.string(), (form, cut, other) => {
        const masker = scrubber.masker();
        const begun = form.slice(0, cut % form.length);
        masker.push(Buffer.from(`${other}\n${begun}`));
        assert.ok(masker.keptBytes <= begun.length, `${masker.keptBytes} of ${begun}`);
        masker.push(Buffer.from('\n'));
        assert.equal(masker.keptBytes, 0);
      }),
      { numRuns: 150 },
    );
  });

  test('has come out where it is covered, also when a longer form may follow', () => {
    const both = new Scrubber([
      ['short', Buffer.from('horse')],
      ['long', Buffer.from('horse power')],
    ]);
    const masker = both.masker();
    assert.equal(masker.push(Buffer.from('a horse')).toString(), 'a ***');
    assert.equal(masker.push(Buffer.from(' pow')).toString(), '');
    assert.equal(masker.push(Buffer.from('der')).toString(), ' powder');
    assert.equal(masker.end().toString(), '');
  });

  test('keeps back no more than the longest form, of secrets of one letter', () => {
    const secret = Buffer.from(`${'a'.repeat(1000)}b`);
    const masker = new Scrubber([['a', secret]]).masker();
    for (let count = 0; count < 3000; count += 1) {
      masker.push(Buffer.from('a'));
      assert.ok(masker.keptBytes <= 6 * secret.length);
    }
    assert.equal(masker.end().length, 1000);
  });
});

describe('a masking stream', () => {
  test('masks a secret that comes in two pieces, and knows its name', async () => {
    const stream = new MaskStream(scrubber);
    const out = buffer(stream);
    stream.write('the correct ho');
    stream.end('rse, the correct');
    assert.equal((await out).toString(), 'the ***, the correct');
    assert.deepEqual(stream.found, ['horse']);
  });

  test('passes bytes that are no text', async () => {
    const bytes = randomBytes(300_000);
    const stream = new MaskStream(scrubber);
    const out = buffer(stream);
    for (let at = 0; at < bytes.length; at += 7001) stream.write(bytes.subarray(at, at + 7001));
    stream.end();
    assert.ok((await out).equals(bytes));
  });

  test('shows the prompt of a program that waits for an answer', async () => {
    const program = `process.stdout.write('Name: ');
      process.stdin.once('data', (name) => { process.stdout.write(name + '${SECRET}'); process.exit(); })`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, ['-e', program], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const stream = new MaskStream(scrubber);
    let shown = '';
    stream.on('data', (bytes: Buffer) => {
      shown += bytes;
      if (shown === 'Name: ') child.stdin.write('Ada\n');
    });
    await pipeline(child.stdout, stream);
    assert.equal(shown, 'Name: Ada\n***');
  });

  test('fails when the scrubber was disposed of, and lets nothing through', async () => {
    const own = new Scrubber([['horse', Buffer.from(SECRET)]]);
    const stream = new MaskStream(own);
    own.dispose();
    const out = buffer(stream);
    stream.end(SECRET);
    await assert.rejects(out, { code: 'CLOSED' });
  });
});
