import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { rootCommitment } from '../seal/vault-keys.ts';
import { newRecipientKeys } from './recipient.ts';
import { newRecoveryCode, recoverySecret } from './recovery.ts';
import { parseSlot, SLOT_KINDS, type SlotKind } from './slot.ts';
import { type Credential, type NewSlot, unwrapRoot, wrapRoot } from './slots.ts';

const vaultId = Buffer.alloc(16, 7);
const root = Buffer.alloc(32, 42);
const commitment = rootCommitment(root, vaultId);
const options = { vaultId, commitment };
/** Enough to be Argon2id. */
const argon2 = { memoryKib: 32, passes: 1, parallelism: 1 };

const password = (text: string | Uint8Array): Credential => ({
  kind: 'password',
  secret: Buffer.from(text),
});
const passwordSlot = (text: string | Uint8Array) =>
  wrapRoot(root, { ...password(text), kind: 'password', argon2 }, options);

/** A new slot, and what opens it. */
function pair(kind: SlotKind): readonly [NewSlot, Credential] {
  if (kind === 'recipient') {
    const { publicKey, privateKey } = newRecipientKeys();
    return [
      { kind, publicKey },
      { kind, secret: privateKey },
    ];
  }
  const secret = kind === 'recovery' ? recoverySecret(newRecoveryCode()) : randomBytes(32);
  return [
    { kind, secret, ...(kind === 'password' && { argon2 }) },
    { kind, secret },
  ];
}

const refused = { code: 'UNLOCK_FAILED', message: 'the vault does not open with what was given' };

for (const kind of SLOT_KINDS) {
  describe(`a ${kind} slot`, () => {
    const [slot, credential] = pair(kind);

    test('opens to the root key, and says which slot has opened', async () => {
      const stored = await wrapRoot(root, slot, options);
      const { root: found, slotId } = await unwrapRoot([stored], [credential], options);
      assert.deepEqual(found, root);
      assert.equal(found.buffer.byteLength, 32);
      assert.equal(slotId, parseSlot(stored).id);
    });

    test('stores neither the root key nor the secret', async () => {
      const stored = await wrapRoot(root, slot, options);
      assert.ok(!stored.includes(root));
      assert.ok(!stored.includes(Buffer.from(credential.secret)));
    });

    test('does not open with another secret, in another vault, or to another root key', async () => {
      const stored = await wrapRoot(root, slot, options);
      const [, other] = pair(kind);
      const elsewhere = { vaultId: Buffer.alloc(16, 8), commitment };
      const replaced = { vaultId, commitment: rootCommitment(randomBytes(32), vaultId) };
      await assert.rejects(unwrapRoot([stored], [other], options), refused);
      await assert.rejects(unwrapRoot([stored], [credential], elsewhere), refused);
      await assert.rejects(unwrapRoot([stored], [credential], replaced), refused);
      const short = { vaultId, commitment: commitment.subarray(1) };
      await assert.rejects(unwrapRoot([stored], [credential], short), refused);
    });

    test('does not open with its secret given as one of another kind', async () => {
      const stored = await wrapRoot(root, slot, options);
      for (const other of SLOT_KINDS) {
        if (other === kind) continue;
        const wrong = { kind: other, secret: credential.secret };
        await assert.rejects(unwrapRoot([stored], [wrong], options), refused, other);
      }
    });
  });
}

describe('a vault with many slots', () => {
  const pairs = SLOT_KINDS.flatMap((kind) => [pair(kind), pair(kind)]);
  const stored = Promise.all(pairs.map(([slot]) => wrapRoot(root, slot, options)));

  test('opens with each of its secrets', async () => {
    for (const [index, [, credential]] of pairs.entries()) {
      const { root: found, slotId } = await unwrapRoot(await stored, [credential], options);
      assert.deepEqual(found, root);
      assert.equal(slotId, parseSlot((await stored)[index] ?? Buffer.alloc(0)).id);
    }
  });

  test('opens when one of several credentials fits', async () => {
    const wrong = SLOT_KINDS.map((kind) => pair(kind)[1]);
    const [, right] = pairs[4] ?? [];
    assert.ok(right?.kind === 'recovery');
    const { slotId } = await unwrapRoot(await stored, [...wrong, right], options);
    assert.equal(slotId, parseSlot((await stored)[4] ?? Buffer.alloc(0)).id);
  });

  test('opens by the others when one is damaged or of a kind that is not known', async () => {
    const slots = (await stored).map((slot) => Buffer.from(slot));
    slots[0]?.fill(0);
    slots[1] = slots[1]?.subarray(1) ?? Buffer.alloc(0);
    slots[2]?.writeUInt8(99, 5);
    slots[3]?.writeUInt8(0, 40);
    const credentials = pairs.map(([, credential]) => credential);
    for (const [index, credential] of credentials.entries()) {
      const unwrapped = unwrapRoot(slots, [credential], options);
      if (index < 4) await assert.rejects(unwrapped, refused);
      else assert.deepEqual((await unwrapped).root, root);
    }
  });

  test('fails in one and the same way, whatever was wrong', async () => {
    const slots = await stored;
    const wrong = SLOT_KINDS.map((kind) => pair(kind)[1]);
    const failures = await Promise.allSettled([
      unwrapRoot([], wrong, options),
      unwrapRoot(slots, [], options),
      unwrapRoot(slots, wrong, options),
      ...wrong.map((credential) => unwrapRoot(slots, [credential], options)),
      unwrapRoot([Buffer.from('no slot')], wrong, options),
      unwrapRoot(slots, [password('')], options),
      ...SLOT_KINDS.map((kind) => unwrapRoot(slots, [{ kind, secret: Buffer.alloc(0) }], options)),
      ...SLOT_KINDS.map((kind) => unwrapRoot(slots, [{ kind, secret: Buffer.alloc(99) }], options)),
      unwrapRoot(slots, [password(Buffer.alloc(1024 * 1024 + 1))], options),
    ]);
    for (const failure of failures) {
      assert.ok(failure.status === 'rejected');
      const { code, message, cause } = failure.reason;
      assert.deepEqual({ code, message, cause }, { ...refused, cause: undefined });
    }
  });
});

describe('a password', () => {
  test('is taken byte for byte: nothing is normalised, trimmed, or cut', async () => {
    const texts = ['\u00e9', 'e\u0301', ' a', 'a', 'a ', 'a\n', 'a\0', 'a\0b', '\ufeffa'];
    const slots = await Promise.all(texts.map(passwordSlot));
    for (const [index, text] of texts.entries()) {
      const { slotId } = await unwrapRoot(slots, [password(text)], options);
      assert.equal(slotId, parseSlot(slots[index] ?? Buffer.alloc(0)).id);
    }
  });

  test('may be any bytes, up to 1 MiB', async () => {
    const long = Buffer.alloc(1024 * 1024, 'long');
    for (const secret of [Buffer.from([0xff, 0xfe]), Buffer.from([0]), long]) {
      const { root: found } = await unwrapRoot(
        [await passwordSlot(secret)],
        [password(secret)],
        options,
      );
      assert.deepEqual(found, root);
    }
    const almost = password(long.subarray(1));
    await assert.rejects(unwrapRoot([await passwordSlot(long)], [almost], options), refused);
  });

  test('is refused when it is empty or longer', async () => {
    const argument = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
    await assert.rejects(passwordSlot(''), { ...argument, message: 'a password cannot be empty' });
    await assert.rejects(passwordSlot(Buffer.alloc(1024 * 1024 + 1)), argument);
  });

  test('is stretched by 64 MiB, three passes and four lanes unless told', async () => {
    const stored = await wrapRoot(root, { kind: 'password', secret: Buffer.from('x') }, options);
    const { params } = parseSlot(stored);
    assert.ok(params.kind === 'password');
    assert.deepEqual(params.argon2, { memoryKib: 65_536, passes: 3, parallelism: 4 });
    assert.equal(params.salt.length, 32);
    assert.deepEqual((await unwrapRoot([stored], [password('x')], options)).root, root);
  });

  const costs: readonly [string, number, number][] = [
    ['4 TiB of memory', 22, 0xffffffff],
    ['1 GiB and a page of memory', 22, 1_048_577],
    ['no memory', 22, 0],
    ['4,294,967,295 passes', 26, 0xffffffff],
    ['17 passes', 26, 17],
    ['no passes', 26, 0],
    ['17 lanes', 30, 17],
    ['no lanes', 30, 0],
    ['more lanes than memory', 30, 16],
  ];
  for (const [what, at, value] of costs) {
    test(`is not stretched by ${what}, whatever other slots there are`, async () => {
      const costly = await passwordSlot('right');
      costly.writeUInt32BE(value, at);
      const slots = [await passwordSlot('right'), costly];
      await assert.rejects(unwrapRoot(slots, [password('right')], options), {
        code: 'KDF_LIMITS',
        message: /^Argon2id was not run: /,
      });
      // It does not stand in the way of who needs no password.
      const [slot, credential] = pair('key-file');
      slots.push(await wrapRoot(root, slot, options));
      assert.deepEqual((await unwrapRoot(slots, [credential], options)).root, root);
    });
  }

  test('is not tried on more than sixteen slots', async () => {
    const slots = await Promise.all(Array.from({ length: 17 }, () => passwordSlot('right')));
    const found = await unwrapRoot(slots.slice(1), [password('right')], options);
    assert.deepEqual(found.root, root);
    await assert.rejects(unwrapRoot(slots, [password('right')], options), { code: 'KDF_LIMITS' });
  });

  test('cannot be stretched beyond the limits in a new slot either', async () => {
    const slot = { ...password('x'), kind: 'password' } as const;
    const beyond = { ...argon2, passes: 17 };
    await assert.rejects(wrapRoot(root, { ...slot, argon2: beyond }, options), {
      code: 'KDF_LIMITS',
    });
  });
});

describe('a new slot', () => {
  test('is refused for a secret that is none of its kind, and does not tell it', async () => {
    const canary = Buffer.from('canary-7f3a');
    for (const kind of ['key-file', 'recovery', 'command'] as const) {
      await assert.rejects(wrapRoot(root, { kind, secret: canary }, options), (error: Error) => {
        assert.equal(error.name, 'RangeError');
        assert.ok(!inspect(error, { depth: null, showHidden: true }).includes('canary'));
        return true;
      });
    }
    for (const publicKey of [Buffer.alloc(32), Buffer.alloc(31, 9)]) {
      const slot = { kind: 'recipient', publicKey } as const;
      await assert.rejects(wrapRoot(root, slot, options), { name: 'RangeError' });
    }
  });

  test('takes a root key of 32 bytes', async () => {
    const [slot] = pair('key-file');
    await assert.rejects(wrapRoot(root.subarray(1), slot, options), { name: 'RangeError' });
  });

  test('leaves what it was given as it was', async () => {
    const own = Buffer.from(root);
    for (const kind of SLOT_KINDS) {
      const [slot, credential] = pair(kind);
      const before = Buffer.from(credential.secret);
      await unwrapRoot([await wrapRoot(own, slot, options)], [credential], options);
      assert.deepEqual(Buffer.from(credential.secret), before);
    }
    assert.deepEqual(own, root);
  });
});

describe('a signal', () => {
  const reason = new Error('on purpose');

  test('ends an unlock before anything is tried', async () => {
    const slots = [await passwordSlot('right')];
    const signal = AbortSignal.abort(reason);
    await assert.rejects(unwrapRoot(slots, [password('right')], { ...options, signal }), reason);
  });

  test('ends an unlock between two tries', async () => {
    const slots = [await passwordSlot('one'), await passwordSlot('two')];
    const abort = new AbortController();
    const unwrapped = unwrapRoot(slots, [password('three')], { ...options, signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(unwrapped, reason);
  });
});

describe('a slot of an older release', () => {
  const secret = Buffer.from('a secret of enough bytes and of old');
  const privateKey = Buffer.alloc(32, 3);
  const credentials: readonly Credential[] = SLOT_KINDS.map((kind) => {
    if (kind === 'recipient') return { kind, secret: privateKey };
    return { kind, secret: kind === 'recovery' ? secret.subarray(0, 20) : secret };
  });
  const stored: Readonly<Record<SlotKind, string>> = {
    password:
      '4846736c010175c497aea2c204617a5733bef4a70ef6000000200000000100000001393d45a5b1d9' +
      'f77d08a144f66a880ae5eb5b0ddff90a0adf54fac447721940d08fdf3d08bd35451765699a4e014f' +
      '09772ea09ee98aca9b64858adfbffcbb0e471d1b81b224549c0bde2ee19ff091075c2b451f5b56a7' +
      '0bc059a68632f81935f44a5b380f75a12d5d',
    'key-file':
      '4846736c01021ab04ac632429772d81a327b51751e039a3ff4a12ebc0f8d739f040587797ce89746' +
      '51f59742129ff1ecff821651705008c403cf52ef893e51c46cde27b9db065cea0bd524b6ccfbd2dd' +
      'd4fe74d07de32002894556ada01c489dc13e95b798542c641ca056b307515a0c34b16ab473173489' +
      'b34556dca682',
    recovery:
      '4846736c0103dce7c43a732c070125e805c71b16a662919b475bdcf29c561822c6fd8a3c99f1f1c8' +
      '0c2a8067960561c062692fed93a4f5ec97fb86b4142a45c46aa50e07eb36a093bb012e0ddd305edc' +
      '7dcfa6a3c62de3a2cd04cbecc5e55c6d423fdd3072d14654e665134426dac68ca66f918ad73a566d' +
      '1e4f829b299b',
    recipient:
      '4846736c0104afd165c701863de412839621751be7b15dfedd3b6bd47f6fa28ee15d969d5bb0ea53' +
      '774d488bdaf9df1c6e0124b3ef22b98daa96b11976a24bcceafe006e2fde7d6b91d1352b58accc0e' +
      '7e9e4c94396b0f48c5a29d6e7c96104315244b398437f39afd4fb028d16c1422907e2d1d3a7c9817' +
      '507d150379f18f570332c38fdc13710a4c8d6a8e390b3267ada4da8cc87b65eba509e38f3824',
    command:
      '4846736c01056a7db2988ee92f49f125fd7129718e3e12449a0c7b6648c6540286e801bdddefdc00' +
      '2db29adb167bd4bf177c9ca4b4c7bc825e34871ed0b1e1d15c149827b23298a4c07030e0bb667e4e' +
      '60db2d4d333c726b1ce015d390cd37bd70d647e2c0d1c48fff191114917038b3bdc178367934bafd' +
      '58c1d0a55162',
  };

  for (const credential of credentials) {
    test(`still opens by ${credential.kind}`, async () => {
      const slot = Buffer.from(stored[credential.kind], 'hex');
      assert.deepEqual((await unwrapRoot([slot], [credential], options)).root, root);
    });
  }
});
