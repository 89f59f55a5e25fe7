import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Broken, torture } from '../../declare/declaration.ts';
import { duplicatePorts, isSound, nameOf, printedIsStored } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Site, siteStore } from './site.ts';

const cleaners = 4;
const reservers = 6;
const groupers = 3;
const keysEach = 5;
const size = 10;
/** A directory that is gone. */
const orphan = 'orphan';
/** Long enough ago to expire, whatever the default. */
const idleSeconds = 400 * 86_400;

/** Cleanups while the very keys they are after are used again. */
export const p7 = torture({
  name: 'P7',
  store: siteStore(() => ({
    range: { min: 20_000, max: 21_999 },
    directories: [
      ...directories(reservers).flatMap((name) => directories(keysEach, `${name}-`)),
      ...directories(groupers, 'group'),
    ],
    prepare: makeStale,
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    const count = isCli ? 2 : keysEach;
    return {
      repeats: full ? 20 : isCli ? 1 : 3,
      phases: [
        {
          name: 'run',
          roles: [
            { name: 'cleaner', clients: cleaners, does: 'cleanup', count: isCli ? 2 : 4 },
            {
              name: 'reserver',
              clients: reservers,
              does: 'reserve',
              count,
              in: (draw) => `d${draw.member}-${draw.nth}`,
            },
            {
              name: 'grouper',
              clients: groupers,
              does: 'group',
              count: isCli ? 1 : 2,
              in: (draw) => ({ name: `group${draw.member}`, count: size }),
            },
          ],
        },
        { name: 'settle', roles: [{ name: 'cleaner', clients: 1, does: 'cleanup', count: 1 }] },
      ],
    };
  },
  invariants: {
    'what was used is kept': async (site, history) =>
      printedIsStored(await site.list(), history.ok('reserve')).map((one) => ({
        ...one,
        operations: [...(one.operations ?? []), ...history.ok('cleanup')],
      })),
    'groups are whole': async (site, history) => {
      const rows = await site.list();
      return history.ok('group').flatMap((group): Broken[] => {
        const ports = rows.filter((row) => row.path === group.input.name).map((row) => row.port);
        const isWhole = ports.length === size && group.output.every((port) => ports.includes(port));
        if (isWhole) return [];
        const message = `${group.input.name} has ${ports.length} of ${size} ports`;
        return [{ message, operations: [group] }];
      });
    },
    'what nobody used is gone': async (site, history) => {
      const used = new Set(history.ok('reserve').map((one) => one.input));
      const groups = new Set(history.ok('group').map((one) => one.input.name));
      const left = (await site.list()).filter(({ path, tag }) => !(tag ? groups : used).has(path));
      return left.map((row) => `${nameOf(row)} is still there after a cleanup`);
    },
    'each is cleaned up once': (_site, history) => {
      const cleanups = history.ok('cleanup');
      const count = cleanups.reduce((sum, { output }) => sum + output, 0);
      // Of the idle ones, those which somebody used again in time are not idle any more.
      if (size <= count && count <= size + reservers) return;
      const message = `${count} were cleaned up; ${size} were gone and ${reservers} idle`;
      return { message, operations: cleanups };
    },
    sound: async (site) => [...(await isSound(site)), ...duplicatePorts(await site.list())],
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** Ten keys of a directory that is gone, and six that were last used too long ago. */
async function makeStale(site: Site): Promise<void> {
  const used = Array.from({ length: reservers }, (_, member) => `d${member}-0`);
  // A group is one call where ten reservations are ten processes of the command line.
  await site.reserveGroup(orphan, size);
  await Promise.all(used.map((name) => site.reserve(name)));
  using database = new DatabaseSync(join(site.shared.setup.dataDir, 'ports.db'));
  database.exec('PRAGMA busy_timeout = 10000');
  database
    .prepare('UPDATE reservations SET created_at = created_at - ?, last_used_at = last_used_at - ?')
    .run(idleSeconds, idleSeconds);
}
