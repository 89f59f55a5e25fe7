import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALGORITHMS, isAead, isAlgorithm, isSymmetric } from './algorithm.ts';

test('names are exact', () => {
  assert.ok(ALGORITHMS.every(isAlgorithm));
  for (const name of ['aes256gcm', 'AES256GCM', 'Ed25519 ', '', 'toString']) {
    assert.ok(!isAlgorithm(name), name);
  }
});

test('the AEADs and HMAC are symmetric, the curves are not', () => {
  assert.deepEqual(ALGORITHMS.filter(isAead), [
    'ChaCha20Poly1305',
    'XChaCha20Poly1305',
    'Aes256Gcm',
  ]);
  assert.deepEqual(
    ALGORITHMS.filter((algorithm) => !isSymmetric(algorithm)),
    ['Ed25519', 'X25519'],
  );
});
