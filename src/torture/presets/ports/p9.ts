import { statSync } from 'node:fs';
import { join } from 'node:path';
import { torture } from '../../declaration.ts';
import { isSound, sharedPorts } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type SiteShared, siteStore } from './site.ts';

interface Volume {
  readonly clients: number;
  readonly each: number;
}

function volumeOf(mode: string, full: boolean): Volume {
  if (mode === 'cli') return { clients: 8, each: full ? 20 : 3 };
  return { clients: 100, each: full ? 100 : 5 };
}

/** Bounds on what ten thousand small rows may leave on disk. */
const databaseBytesMax = 8 * 1024 ** 2;
const walBytesMax = 16 * 1024 ** 2;

/** As many reservations as the range can bear. */
export const p9 = torture({
  name: 'P9',
  store: siteStore(({ mode, full }) => {
    const { clients, each } = volumeOf(mode, full);
    return {
      range: { min: 10_000, max: 30_000 },
      directories: directories(clients).flatMap((name) => directories(each, `${name}-`)),
    };
  }),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const { clients, each } = volumeOf(mode, full);
    return {
      phases: [
        {
          name: 'run',
          rounds: Math.ceil(each / 10),
          roles: [
            {
              name: 'reserver',
              clients,
              does: 'reserve',
              count: Math.min(each, 10),
              in: (draw) => `d${draw.client}-${draw.nth}`,
            },
          ],
        },
      ],
    };
  },
  invariants: {
    'every reservation is listed': async (site, history) => {
      const rows = await site.list();
      const given = history.ok('reserve');
      if (rows.length !== given.length) return `${given.length} given, ${rows.length} listed`;
      const stored = new Map(rows.map((row) => [row.path, row.port]));
      return given
        .filter((one) => stored.get(one.input) !== one.output)
        .map((one) => ({ message: `${one.input} is not listed`, operations: [one] }));
    },
    'no port twice': (_site, history) => sharedPorts(history.ok('reserve')),
    'files are bounded': (site, history) => {
      const [database, wal] = [
        bytesOf(site.shared, 'ports.db'),
        bytesOf(site.shared, 'ports.db-wal'),
      ];
      history.note(`database ${kib(database)} KiB, write-ahead log ${kib(wal)} KiB`);
      return database <= databaseBytesMax && wal <= walBytesMax;
    },
    'allocation stays cheap': (_site, history) => {
      const durations = history.ok('reserve').map((one) => (one.returnedAt ?? 0) - one.invokedAt);
      if (durations.length < 200) return;
      const [first, last] = [durations.slice(0, 100), durations.slice(-100)].map(meanOf);
      history.note(`mean of the first 100: ${ms(first)} ms, of the last 100: ${ms(last)} ms`);
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock', 'all-ok'],
});

function bytesOf({ setup }: SiteShared, name: string): number {
  return statSync(join(setup.dataDir, name), { throwIfNoEntry: false })?.size ?? 0;
}

function meanOf(durations: readonly number[]): number {
  return durations.reduce((sum, one) => sum + one, 0) / Math.max(1, durations.length);
}

function kib(bytes: number): number {
  return Math.ceil(bytes / 1024);
}

function ms(nanoseconds = 0): string {
  return (nanoseconds / 1e6).toFixed(1);
}
