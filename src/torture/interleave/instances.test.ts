import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { AnyDeclared } from '../declare/declaration.ts';
import { importInstance, markedImports } from './instances.ts';

const require = createRequire(import.meta.url);

/** A directory with a declaration in `store.mjs`, what it imports, and the other way round. */
function modules(context: TestContext): { readonly dir: string; readonly url: string } {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-instances-'));
  context.after(() => rmSync(dir, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  const rig = new URL('../declare/random.ts', import.meta.url).href;
  write('state.mjs', 'export const state = { count: 0 };');
  write('lazy.mjs', 'export const state = { count: 0 };');
  write('package.cjs', 'exports.state = { count: 0 }; exports.readFile = require("fs").readFile;');
  write('data.json', '{ "list": [] }');
  write(
    'store.mjs',
    `
    import { state } from './state.mjs';
    import shared from './package.cjs';
    import data from './data.json' with { type: 'json' };
    import { Random } from '${rig}';
    const bump = (one) => () => ++one.count;
    export const store = {
      name: 'store',
      module: import.meta.url,
      store: {},
      ops: {
        module: { run: bump(state) },
        package: { run: bump(shared.state) },
        data: { run: () => data.list.push(0) },
        lazy: { run: async () => bump((await import('./lazy.mjs')).state)() },
        rig: { run: () => Random },
        require: { run: () => shared },
      },
    };
    `,
  );
  return { dir, url: pathToFileURL(join(dir, 'store.mjs')).href };
}

async function imported(url: string): Promise<AnyDeclared> {
  const { store } = await import(url);
  return store;
}

describe('instances of a declaration', () => {
  for (const what of ['module', 'package', 'data', 'lazy']) {
    test(`do not share what a ${what} keeps`, async (context) => {
      const { url } = modules(context);
      const declared = await imported(url);
      using _ = markedImports();
      const [one, other] = [await importInstance(declared), await importInstance(declared)];
      const counts = [];
      for (const instance of [one, one, one, other, declared]) {
        counts.push(await instance.ops[what]?.run(null, null));
      }
      assert.deepEqual(counts, [1, 2, 3, 1, 1]);
    });
  }

  test('may be loaded at once', async (context) => {
    const { url } = modules(context);
    const declared = await imported(url);
    using _ = markedImports();
    const before = Object.keys(require.cache);
    const instances = await Promise.all([1, 2, 3].map(() => importInstance(declared)));
    const counts = instances.map(({ ops }) => ops.package?.run(null, null));
    assert.deepEqual(counts, [1, 1, 1]);
    assert.deepEqual(Object.keys(require.cache), before);
  });

  test('have the same rig', async (context) => {
    const { url } = modules(context);
    const declared = await imported(url);
    using _ = markedImports();
    const [one, other] = [await importInstance(declared), await importInstance(declared)];
    assert.equal(one.ops.rig?.run(null, null), other.ops.rig?.run(null, null));
  });

  test('leave the modules of this process as they were', async (context) => {
    const { dir, url } = modules(context);
    const shared = require(join(dir, 'package.cjs'));
    const declared = await imported(url);
    assert.equal(declared.ops.require?.run(null, null), shared);
    const before = Object.keys(require.cache);
    {
      using _ = markedImports();
      await importInstance(declared);
      assert.equal(await imported(url), declared);
    }
    assert.deepEqual(Object.keys(require.cache), before);
    assert.equal(require(join(dir, 'package.cjs')), shared);
    // Nothing is marked any more, whatever it is imported from.
    const { state } = await import(`${pathToFileURL(join(dir, 'lazy.mjs')).href}`);
    assert.equal(await declared.ops.lazy?.run(null, null), 1);
    assert.equal(state.count, 1);
  });

  test('fail as the module does that cannot be imported', async (context) => {
    const { url } = modules(context);
    const declared = await imported(url);
    using _ = markedImports();
    const nameless = { ...declared, name: 'another' };
    await assert.rejects(importInstance(nameless), { code: 'DECLARATION_INVALID' });
    const nowhere = { ...declared, module: `${url}.nowhere.mjs` };
    await assert.rejects(importInstance(nowhere), { code: 'ERR_MODULE_NOT_FOUND' });
  });
});
