import { basename } from 'node:path';
import { op, torture } from '../../declaration.ts';
import type { History } from '../../history.ts';
import type { Operation } from '../../operation.ts';
import { isSound, printedIsStored, sharedPorts, storedRows } from './checks.ts';
import { portsOps, refusals } from './ops.ts';
import { directories, type Site, siteStore } from './site.ts';

const clients = 50;

const ops = {
  ...portsOps,
  reserveOrDie: op({
    in: (draw) => ({
      name: `d${draw.client}`,
      killAfterMs: draw.client % 3 === 0 ? 20 + draw.int(3000) : undefined,
    }),
    run: (site: Site, input) => site.reserve(input.name, input),
    on: refusals,
  }),
};

/** Many reservations at once with real probes; from the command line, every third is killed. */
export const p3 = torture({
  name: 'P3',
  store: siteStore(() => ({
    // Below the kernel's ephemeral range, where probes find nothing but real listeners.
    range: { min: 21_000, max: 21_499 },
    probes: true,
    directories: directories(clients),
  })),
  ops,
  plan: ({ mode, full }) => {
    const does = mode === 'cli' ? 'reserveOrDie' : 'reserve';
    return {
      repeats: full ? 10 : mode === 'cli' ? 1 : 2,
      phases: [{ name: 'run', roles: [{ name: 'reserver', clients, does, count: 1 }] }],
    };
  },
  invariants: {
    sound: (site) => isSound(site),
    'printed is stored': (site, history) => printedIsStored(site, printed(history)),
    'no port twice': (site, history) => {
      const ports = storedRows(site.shared).map((row) => row.port);
      if (new Set(ports).size !== ports.length) return 'the database holds a port twice';
      return sharedPorts(printed(history));
    },
    'nobody is refused': (site, history) => {
      noteKills(site, history);
      return history.operations
        .filter((one) => one.outcome === 'fail')
        .map((one) => ({ message: 'a reservation was refused', operations: [one] }));
    },
  },
});

/** What was given, whether the caller was to be killed or not. */
function printed(history: History<typeof ops>): readonly Operation<string, number>[] {
  const survived = history.ok('reserveOrDie').map((one) => ({ ...one, input: one.input.name }));
  return [...history.ok('reserve'), ...survived];
}

/** How many callers were killed early enough, and how many of these had reserved by then. */
function noteKills(site: Site, history: History<typeof ops>): void {
  const armed = history.of('reserveOrDie').filter((one) => one.input.killAfterMs !== undefined);
  if (armed.length === 0) return;
  const stored = new Set(storedRows(site.shared).map((row) => basename(row.path)));
  const died = armed.filter((one) => one.outcome === 'info');
  const done = died.filter((one) => stored.has(one.input.name));
  history.note(
    `${died.length} of ${armed.length} killed callers never printed, ${done.length} of them had reserved`,
  );
}
