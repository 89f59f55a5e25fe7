import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pathInStore, SIMULATED_ROOT, simulatedDir, textInStore } from './simulated-root.ts';

describe('where simulated files seem to be', () => {
  test('nothing real is, and nothing real can be made', () => {
    const code = process.platform === 'win32' ? /ENO/ : /ENOTDIR/;
    assert.throws(() => statSync(SIMULATED_ROOT), code);
    assert.throws(() => mkdirSync(simulatedDir(1), { recursive: true }), code);
  });

  test('paths are told as from the directory of the store', () => {
    const dir = simulatedDir(12);
    assert.equal(pathInStore(`${dir}/a/b`), 'a/b');
    assert.equal(pathInStore(dir), '.');
    assert.equal(textInStore(`lost: ${dir}/a, ${dir}/b/12`), 'lost: a, b/12');
  });
});
