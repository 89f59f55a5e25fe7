import { statSync } from 'node:fs';
import { join } from 'node:path';
import { torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import type { Phase } from '../../declare/plan.ts';
import { isSound, lowestPorts, sharedPorts } from './checks.ts';
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

const range = { min: 10_000, max: 30_000 };

/** Reservations that are made alone, to see what one takes. */
const samples = 20;

/** Bounds on what ten thousand small rows may leave on disk. */
const databaseBytesMax = 8 * 1024 ** 2;
const walBytesMax = 16 * 1024 ** 2;

/** As many reservations as the range can bear. */
export const p9 = torture({
  name: 'P9',
  store: siteStore(({ mode, full }) => {
    const { clients, each } = volumeOf(mode, full);
    return {
      range,
      directories: [
        ...directories(clients).flatMap((name) => directories(each, `${name}-`)),
        ...['empty', 'full'].flatMap((name) => directories(samples, `${name}-`)),
      ],
    };
  }),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const { clients, each } = volumeOf(mode, full);
    return {
      phases: [
        sampled('empty', mode),
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
        sampled('full', mode),
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
    'lowest ports': (_site, history) => lowestPorts(range.min, history.ok('reserve')),
    'no port twice': (_site, history) => sharedPorts(history.ok('reserve')),
    'files are bounded': (site, history) => {
      const [database, wal] = [
        bytesOf(site.shared, 'ports.db'),
        bytesOf(site.shared, 'ports.db-wal'),
      ];
      history.note(`database ${kib(database)} KiB, write-ahead log ${kib(wal)} KiB`);
      const [empty = 0, full = 0] = ['empty', 'full'].map((phase) =>
        medianMs(history.ok('reserve', phase)),
      );
      // A figure and no verdict: how long a call takes is the machine's affair too.
      history.note(
        `one reservation alone: ${empty.toFixed(1)} ms at first, ${full.toFixed(1)} ms in the end`,
      );
      return database <= databaseBytesMax && wal <= walBytesMax;
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** Reservations by one client, with nobody beside it. */
function sampled(name: string, mode: string): Phase<'reserve'> {
  const count = mode === 'cli' ? 3 : samples;
  const role = { name: 'sampler', clients: 1, does: 'reserve', count } as const;
  return { name, isMeasured: false, roles: [{ ...role, in: (draw) => `${name}-${draw.nth}` }] };
}

function bytesOf({ setup }: SiteShared, name: string): number {
  return statSync(join(setup.dataDir, name), { throwIfNoEntry: false })?.size ?? 0;
}

function kib(bytes: number): number {
  return Math.ceil(bytes / 1024);
}

function medianMs(operations: readonly Operation[]): number {
  const durations = operations.map((one) => (one.returnedAt ?? 0) - one.invokedAt);
  return (durations.sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0) / 1e6;
}
