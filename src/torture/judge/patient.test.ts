import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { torture } from '../declare/declaration.ts';
import { patient } from './patient.ts';

const never = () => new Promise<never>(() => undefined);

function declared(parts: { readonly open?: () => Promise<never> } = {}) {
  return torture({
    name: 'slow',
    module: import.meta.url,
    store: { create: () => 'store', open: parts.open ?? ((name: string) => `open ${name}`) },
    ops: {
      read: { in: () => null, run: (store: string) => `${store} read` },
      hang: { in: () => null, run: never },
    },
    invariants: { 'it holds': (store: string) => store === 'open store', 'it hangs': never },
  });
}

const calm = { limitMs: 20, signal: undefined };

describe('a patient judge', () => {
  test('gets the answers that there are', async () => {
    const { store, ops, invariants } = patient(declared(), calm);
    const handle = await store.open('store', undefined as never);
    assert.equal(await ops.read?.run(handle, null), 'open store read');
    assert.equal(await invariants?.['it holds']?.(handle, undefined as never, null), true);
    assert.equal(store.close, undefined);
  });

  test('waits so long and no longer, and then for nothing more', async () => {
    const { store, ops, invariants } = patient(declared(), calm);
    const handle = await store.open('store', undefined as never);
    const hung = { message: "'it hangs' has not come to its end within 20 ms" };
    await assert.rejects(
      async () => invariants?.['it hangs']?.(handle, undefined as never, null),
      hung,
    );
    await assert.rejects(async () => ops.read?.run(handle, null), hung);
  });

  test('waits for an open that hangs, and for an operation', async () => {
    const hanging = patient(declared({ open: never }), calm);
    await assert.rejects(async () => hanging.store.open('', undefined as never), /open has not/);
    const { ops } = patient(declared(), calm);
    await assert.rejects(async () => ops.hang?.run('', null), /hang has not come to its end/);
  });

  test('does not wait when nobody wants to know any more', async () => {
    const stop = new AbortController();
    const { ops } = patient(declared(), { limitMs: 60_000, signal: stop.signal });
    const asked = ops.hang?.run('', null);
    const reason = new Error('enough');
    stop.abort(reason);
    await assert.rejects(async () => asked, reason);
  });
});
