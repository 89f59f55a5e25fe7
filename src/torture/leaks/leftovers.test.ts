import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { leftovers } from './leftovers.ts';
import { countsOf } from './sample.ts';

describe('leftovers', () => {
  test('names that differ in numbers only are shown as one, with how many there are', () => {
    const before = countsOf(['/tmp/a', 'pipe:[1]']);
    const after = countsOf(['/tmp/a', '/tmp/x-17.tmp', '/tmp/x-4.tmp', 'pipe:[1]', 'pipe:[9]']);
    assert.deepEqual(leftovers(before, after), ['/tmp/x-#.tmp (2 times)', 'pipe:[9]']);
  });

  test('ids made of hexadecimal do not tell names apart', () => {
    const ids = ['0b9f4c1e-3d52-4b7e-9b1a-5f0c2d7e8a90', 'e1c0a7d2-94bf-4f6d-8c3e-1a2b3c4d5e6f'];
    const names = ids.map((id) => `/tmp/${id}.part`);
    assert.deepEqual(leftovers(new Map(), countsOf(names)), ['/tmp/#.part (2 times)']);
  });

  test('the same name more often than before is a leftover', () => {
    const again = countsOf(['/data', '/data', '/data']);
    assert.deepEqual(leftovers(countsOf(['/data']), again), ['/data (2 times)']);
  });

  test('what has gone and what has stayed is none', () => {
    assert.deepEqual(leftovers(countsOf(['/a', '/b']), countsOf(['/b'])), []);
  });

  test('of many, the twenty most frequent are named', () => {
    const words = Array.from({ length: 26 }, (_, index) => String.fromCharCode(97 + index));
    const names = leftovers(new Map(), countsOf([...words, 'z']));
    assert.equal(names.length, 20);
    assert.equal(names[0], 'z (2 times)');
  });
});
