import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { torture } from '../../declare/declaration.ts';
import { inexact, isSound } from './checks.ts';
import { contentOf } from './content.ts';
import { openBeside, type Site, siteStore } from './site.ts';

const each = 5;
const rounds = 2;
const password = 'a password';

/** Some write keys of a vault into files while others bring keys of another vault in. */
export const k7 = torture({
  name: 'K7',
  store: siteStore(async (site) => {
    await using stack = new AsyncDisposableStack();
    const other = stack.adopt(await openBeside(site, 'other'), (vault) => vault.close());
    mkdirSync(join(site.shared.root, 'exports'));
    for (let member = 0; member < each; member += 1) {
      for (let round = 0; round < rounds; round += 1) {
        await site.vault.create(`e${member}-${round}`, contentOf(`e${member}-${round}`));
        const key = `i${member}-${round}`;
        await other.create(key, contentOf(key));
        const file = await other.exportKey(key, 1, { password, memoryKib: MEMORY_KIB });
        writeFileSync(fileOf(site, key), file);
      }
    }
  }),
  ops: {
    exportKey: {
      in: (draw) => `e${draw.member}-${draw.nth}`,
      run: async (site: Site, key: string) => {
        const file = await site.vault.exportKey(key, 1, { password, memoryKib: MEMORY_KIB });
        writeFileSync(fileOf(site, key), file);
      },
    },
    importKey: {
      in: (draw) => `i${draw.member}-${draw.nth}`,
      run: (site: Site, key: string) =>
        site.vault.importKey(readFileSync(fileOf(site, key)), password),
    },
  },
  plan: ({ full }) => ({
    repeats: full ? 20 : 1,
    phases: [
      {
        name: 'run',
        rounds,
        roles: [
          { name: 'exporter', clients: each, does: 'exportKey', count: 1 },
          { name: 'importer', clients: each, does: 'importKey', count: 1 },
        ],
      },
    ],
  }),
  invariants: {
    'what was imported is exact': ({ vault }, history) => inexact(vault, history.ok('importKey')),
    'what was exported is left as it is': ({ vault }, history) =>
      inexact(vault, history.ok('exportKey')),
    'what was exported is exact elsewhere': async (site, history) => {
      await using stack = new AsyncDisposableStack();
      const vault = stack.adopt(await openBeside(site, 'elsewhere'), (one) => one.close());
      for (const { input } of history.ok('exportKey')) {
        await vault.importKey(readFileSync(fileOf(site, input)), password);
      }
      return await inexact(vault, history.ok('exportKey'));
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

/** An eighth of the default, which is for those who guess passwords. */
const MEMORY_KIB = 8192;

function fileOf({ shared }: Site, key: string): string {
  return join(shared.root, 'exports', key);
}
