import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SecretBuilder } from './secret-builder.ts';

test('a secret is put together from pieces of any size, and taken once', () => {
  const pieces = [0, 1, 300, 7, 5000].map((sizeBytes) => randomBytes(sizeBytes));
  const builder = new SecretBuilder();
  for (const piece of pieces) builder.append(piece);
  assert.equal(builder.sizeBytes, 5308);
  assert.deepEqual(builder.take(), Buffer.concat(pieces));
  assert.equal(builder.sizeBytes, 0);
  assert.equal(builder.take().length, 0);
});

test('what a secret was cut by, and what was wiped, is zero', () => {
  const builder = new SecretBuilder();
  builder.append(Buffer.from('correct horse'));
  const view = builder.view();
  builder.truncate(7);
  assert.deepEqual(Buffer.from(view).toString(), `correct${'\0'.repeat(6)}`);
  builder.truncate(100);
  assert.equal(builder.sizeBytes, 7);
  builder.wipe();
  assert.ok(view.every((byte) => byte === 0));
});

test('memory that became too small is zero', () => {
  const builder = new SecretBuilder();
  builder.append(Buffer.from('correct horse'));
  const view = builder.view();
  builder.append(new Uint8Array(1000));
  assert.ok(view.every((byte) => byte === 0));
});
