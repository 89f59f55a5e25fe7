import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Secret } from './secret.ts';

const CANARY = 'canary-7f3a-moth';
const canary = () => new Secret(Buffer.from(CANARY));

/** Fails when `text` has the canary as text, as hex, as base64 or as a list of its bytes. */
function assertHides(text: string): void {
  const bytes = Buffer.from(CANARY);
  const forms = [
    CANARY,
    bytes.toString('hex'),
    bytes.toString('hex').replace(/..(?!$)/g, '$& '),
    bytes.toString('base64'),
    [...bytes].join(','),
    [...bytes].join(', '),
  ];
  for (const form of forms) assert.ok(!text.includes(form), text);
}

describe('a secret does not show in', () => {
  const cases: readonly [string, (secret: Secret) => string][] = [
    ['a template', (secret) => `${secret}`],
    ['a sum of texts', (secret) => `x${String(secret)}`],
    ['a number', (secret) => String(Number(secret))],
    ['a joined list', (secret) => [secret].join()],
    ['an object’s name', (secret) => Object.prototype.toString.call(secret)],
    ['a property name', (secret) => Object.keys({ [String(secret)]: 1 }).join()],
    ['JSON', (secret) => JSON.stringify({ secret, list: [secret] })],
    ['inspection', (secret) => inspect({ secret }, { showHidden: true, depth: null })],
    ['inspection past its own', (secret) => inspect(secret, { customInspect: false })],
    ['hidden inspection', (s) => inspect(s, { customInspect: false, showHidden: true })],
    ['inspection with getters', (s) => inspect(s, { customInspect: false, getters: true })],
    ['a format', (secret) => format('%s %j %o %O %d', secret, secret, secret, secret, secret)],
    ['a structured clone', (secret) => inspect(structuredClone({ secret }))],
    ['a serialisation', (secret) => inspect(deserialize(serialize(secret)))],
    ['the bytes of one', (secret) => serialize(secret).toString('latin1')],
    ['a spread', (secret) => inspect({ ...secret })],
    ['its names', (secret) => Reflect.ownKeys(secret).map(String).join()],
    ['a message of an error', (secret) => inspect(new Error(`bad ${secret}`, { cause: secret }))],
  ];
  for (const [place, show] of cases) {
    test(place, () => assertHides(show(canary())));
  }

  test('a message to another thread', () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ secret: canary() });
    assert.deepEqual(receiveMessageOnPort(port2), { message: { secret: {} } });
    port1.close();
  });

  test('the difference that an assertion shows', () => {
    for (const compare of [assert.deepEqual, assert.equal, assert.strictEqual]) {
      assert.throws(
        () => compare({ secret: canary(), n: 1 }, { secret: canary(), n: 2 }),
        (error) => {
          assertHides(inspect(error, { depth: null, showHidden: true, customInspect: false }));
          return true;
        },
      );
    }
  });

  test('what its own errors say', () => {
    const secret = new Secret(Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff])]));
    const hides = (error: unknown) => {
      assertHides(inspect(error, { depth: null, showHidden: true }));
      return true;
    };
    assert.throws(() => secret.text(), hides);
    secret.dispose();
    assert.throws(() => secret.text(), hides);
  });

  test('a snapshot of the heap, unless its text was asked for', () => {
    const child = join(import.meta.dirname, 'secret-heap.fixture.ts');
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const printed = execFileSync(process.execPath, [child], { env, encoding: 'utf8' });
    assert.equal(printed, 'false true 48');
  });
});

describe('a secret', () => {
  test('is a copy of what it was made from', () => {
    const source = Buffer.from(CANARY);
    const secret = new Secret(source);
    source.fill(0);
    assert.equal(Buffer.from(secret.expose()).toString(), CANARY);
    assert.equal(secret.sizeBytes, CANARY.length);
  });

  test('is made from nothing but bytes, and what was given instead is not told', () => {
    assert.throws(() => new Secret(CANARY as unknown as Uint8Array), {
      name: 'TypeError',
      code: 'ARGUMENT_INVALID',
      message: 'a secret must be bytes',
    });
  });

  test('may be empty', () => {
    const secret = new Secret(new Uint8Array());
    assert.equal(secret.text(), '');
    assert.ok(secret.equals(new Uint8Array()));
  });

  test('is text when it is UTF-8, with nothing normalised and no mark dropped', () => {
    for (const text of ['\ufeffx', 'é', 'e\u0301', '\0']) {
      assert.equal(new Secret(Buffer.from(text)).text(), text);
    }
    assert.throws(() => new Secret(Buffer.from([0xc3])).text(), { code: 'FORMAT_INVALID' });
  });

  test('equals what has the same bytes', () => {
    assert.ok(canary().equals(canary()));
    assert.ok(canary().equals(Buffer.from(CANARY)));
    assert.ok(!canary().equals(Buffer.from(CANARY.toUpperCase())));
    assert.ok(!canary().equals(Buffer.from(CANARY.slice(1))));
  });

  test('lends a copy that is zero when the call is over', () => {
    const secret = canary();
    let kept: Uint8Array | undefined;
    const digest = secret.withBytes((bytes) => {
      kept = bytes;
      return createHash('sha256').update(bytes).digest('hex');
    });
    assert.equal(digest, createHash('sha256').update(CANARY).digest('hex'));
    assert.ok(kept?.every((byte) => byte === 0));
    assert.equal(secret.text(), CANARY);
  });

  test('lends a copy that is zero when the call has thrown', () => {
    let kept: Uint8Array | undefined;
    const lend = () =>
      canary().withBytes((bytes) => {
        kept = bytes;
        throw new Error('on purpose');
      });
    assert.throws(lend, { message: 'on purpose' });
    assert.ok(kept?.every((byte) => byte === 0));
  });

  test('lends a copy until a promise has settled, whatever is disposed meanwhile', async () => {
    for (const fails of [false, true]) {
      const secret = canary();
      const gate = Promise.withResolvers<void>();
      let kept: Uint8Array | undefined;
      const work = secret.withBytes(async (bytes) => {
        kept = bytes;
        await gate.promise;
        assert.equal(Buffer.from(bytes).toString(), CANARY);
        if (fails) throw new Error('on purpose');
      });
      secret.dispose();
      gate.resolve();
      if (fails) await assert.rejects(work, { message: 'on purpose' });
      else await work;
      assert.ok(kept?.every((byte) => byte === 0));
    }
  });

  test('is overwritten when it is disposed of, and of no use from then on', () => {
    const secret = canary();
    const view = secret.expose();
    {
      using scoped = secret;
      assert.ok(!scoped.isDisposed);
    }
    assert.ok(view.every((byte) => byte === 0));
    assert.ok(secret.isDisposed);
    secret.dispose();
    assert.equal(`${secret}`, '[secret]');
    const uses = [
      () => secret.expose(),
      () => secret.text(),
      () => secret.sizeBytes,
      () => secret.withBytes(() => undefined),
      () => secret.equals(canary()),
      () => canary().equals(secret),
    ];
    for (const use of uses) assert.throws(use, { code: 'CLOSED' });
  });

  test('shares memory with no other buffer', () => {
    assert.equal(new Secret(randomBytes(16)).expose().buffer.byteLength, 16);
  });
});
