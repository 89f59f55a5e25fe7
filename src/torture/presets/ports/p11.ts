import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { op, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { storedRows } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Row, type Site, siteStore } from './site.ts';

const groups = 2;
const groupSize = 500;

/** Lists of a thousand rows. The times are figures; only the rows have a part in the verdict. */
export const p11 = torture({
  name: 'P11',
  store: siteStore(() => ({
    range: { min: 20_000, max: 21_999 },
    directories: directories(groups),
  })),
  ops: {
    group: portsOps.group,
    digest: op({
      in: () => null,
      // The rows themselves would make a history of megabytes.
      run: async (site: Site) => digestOf(await site.list()),
    }),
  },
  plan: ({ mode, full }) => ({
    phases: [
      {
        name: 'prefill',
        roles: [
          {
            name: 'filler',
            clients: 1,
            does: 'group',
            count: groups,
            in: (draw) => ({ name: `d${draw.nth}`, count: groupSize }),
          },
        ],
      },
      {
        name: 'run',
        roles: [
          { name: 'lister', clients: 1, does: 'digest', count: mode === 'cli' && !full ? 10 : 100 },
        ],
      },
    ],
  }),
  invariants: {
    'every row each time': (site, history) => {
      const rows = storedRows(site.shared).map((row) => ({ ...row, path: basename(row.path) }));
      noteMean(history.ok('digest'), site, (text) => history.note(text));
      if (rows.length !== groups * groupSize) return `there are ${rows.length} rows`;
      const expected = digestOf(rows);
      return history
        .ok('digest')
        .filter((one) => one.output !== expected)
        .map((one) => ({ message: 'a list does not show what is stored', operations: [one] }));
    },
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** Equal rows in equal order have equal digests. */
function digestOf(rows: readonly Row[]): string {
  const lines = rows.map(({ path, tag = '', port }) => `${path}\0${tag}\0${port}`);
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

function noteMean(lists: readonly Operation[], site: Site, note: (text: string) => void): void {
  const durations = lists.map((one) => (one.returnedAt ?? 0) - one.invokedAt);
  const mean = durations.reduce((sum, one) => sum + one, 0) / durations.length / 1e6;
  const isCli = site.shared.subject.includes('/cli-subject.');
  const floor = isCli ? `, node -e 0 takes ${nodeFloorMs().toFixed(1)} ms` : '';
  note(`mean of a list: ${mean.toFixed(1)} ms (seed: < 50 ms${floor})`);
}

/** What starting a Node that does nothing takes here and now: the mean of a few. */
function nodeFloorMs(): number {
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...env } = process.env;
  const rounds = 5;
  const before = performance.now();
  for (let round = 0; round < rounds; round += 1) spawnSync(process.execPath, ['-e', '0'], { env });
  return (performance.now() - before) / rounds;
}
