import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { newRecipientKeys, receivingKey, recipientPublicKey, sendingKey } from './recipient.ts';

describe('the keys of a recipient', () => {
  test('belong together, and are raw X25519', () => {
    const { publicKey, privateKey } = newRecipientKeys();
    assert.equal(privateKey.length, 32);
    assert.deepEqual(recipientPublicKey(privateKey), publicKey);
    const jwk = {
      kty: 'OKP',
      crv: 'X25519',
      x: publicKey.toString('base64url'),
      d: privateKey.toString('base64url'),
    };
    assert.equal(createPrivateKey({ key: jwk, format: 'jwk' }).asymmetricKeyType, 'x25519');
  });

  test('have 32 bytes each', () => {
    for (const sizeBytes of [0, 31, 33, 64]) {
      const wrong = new Uint8Array(sizeBytes);
      const refused = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
      assert.throws(() => sendingKey(wrong), refused);
      assert.throws(() => recipientPublicKey(wrong), refused);
      const { params } = sendingKey(newRecipientKeys().publicKey);
      assert.throws(() => receivingKey(wrong, params), refused);
    }
  });
});

describe('a key that is sent', () => {
  test('is made again by the recipient alone', () => {
    const recipient = newRecipientKeys();
    const { params, key } = sendingKey(recipient.publicKey);
    assert.deepEqual(receivingKey(recipient.privateKey, params), key);
    assert.equal(receivingKey(newRecipientKeys().privateKey, params), undefined);
  });

  test('is another one every time', () => {
    const { publicKey } = newRecipientKeys();
    const [a, b] = [sendingKey(publicKey), sendingKey(publicKey)];
    assert.notDeepEqual(a.key, b.key);
    assert.notDeepEqual(a.params.ephemeralKey, b.params.ephemeralKey);
  });

  test('is another one when a public key was exchanged', () => {
    const recipient = newRecipientKeys();
    const { params, key } = sendingKey(recipient.publicKey);
    const other = { ...params, ephemeralKey: newRecipientKeys().publicKey };
    assert.notDeepEqual(receivingKey(recipient.privateKey, other), key);
  });

  // Their product with any private key is zero: the order-1, order-2 and an order-8 point.
  const small = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  ];
  for (const hex of small) {
    test(`is not sent to ${hex.slice(0, 8)}…, nor taken from there`, () => {
      const point = Buffer.from(hex, 'hex');
      assert.throws(() => sendingKey(point), { name: 'RangeError' });
      const { publicKey, privateKey } = newRecipientKeys();
      const params = { kind: 'recipient', publicKey, ephemeralKey: point } as const;
      assert.equal(receivingKey(privateKey, params), undefined);
    });
  }
});
