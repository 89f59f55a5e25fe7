import { statSync } from 'node:fs';
import { join } from 'node:path';
import { illegal, torture } from '../../declare/declaration.ts';
import { isSound } from './checks.ts';
import { directories, type Site, siteStore } from './site.ts';

const range = { min: 20_000, max: 20_099 };
const key = 'cycle';
/** An empty store with its indexes is far smaller, whatever came and went. */
const databaseBytesMax = 256 * 1024;

/** Everybody reserves and releases one key, over and over. */
export const p10 = torture({
  name: 'P10',
  store: siteStore(() => ({ range, directories: [key, ...directories(1)] })),
  ops: (op) => ({
    reserve: op({
      in: () => key,
      run: (site: Site, name) => site.reserve(name),
      // Alone in its range, the key gets the lowest port each time.
      spec: (_isHeld, _name, port: number | undefined) =>
        port === undefined || port === range.min
          ? { isHeld: true }
          : illegal(`${port} is not the lowest port`),
    }),
    release: op({
      in: () => key,
      run: (site: Site, name) => site.release(name),
      spec: (state, _name, count: number | undefined) =>
        count === undefined || count === Number(state.isHeld)
          ? { isHeld: false }
          : illegal(`released ${count} where ${Number(state.isHeld)} was held`),
    }),
  }),
  model: { init: { isHeld: false } },
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    return {
      phases: [
        {
          name: 'run',
          rounds: isCli ? 2 : full ? 25 : 5,
          roles: [
            {
              name: 'cycler',
              clients: isCli ? 4 : 8,
              does: ['reserve', 'release'],
              count: isCli ? 4 : 10,
            },
          ],
        },
        { name: 'settle', roles: [{ name: 'last', clients: 1, does: 'release', count: 1 }] },
      ],
    };
  },
  invariants: {
    'empty in the end': async (site) => (await site.list()).length === 0,
    'the file stays small': (site, history) => {
      const { size } = statSync(join(site.shared.setup.dataDir, 'ports.db'));
      history.note(`database ${Math.ceil(size / 1024)} KiB`);
      return size <= databaseBytesMax;
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock', 'linearizable'],
});
