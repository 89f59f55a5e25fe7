import { basename } from 'node:path';
import { op, torture } from '../../declare/declaration.ts';
import type { History } from '../../declare/history.ts';
import type { Operation } from '../../declare/operation.ts';
import { isSound, printedIsStored, sharedPorts, storedRows, unasked } from './checks.ts';
import type { Kill } from './kill-command.ts';
import { portsOps, refusals } from './ops.ts';
import { directories, type Site, siteStore } from './site.ts';

const clients = 50;
/** In mode cli this many of them are killed. */
const victims = 17;
// Below the kernel's ephemeral range, where probes find nothing but real listeners.
const range = { min: 21_000, max: 21_499 };
/** Before, in and after the transaction; the later ones on a busy machine only. */
const kills: readonly Kill[] = [
  ...[0, 5, 20, 80, 320, 1280].map((afterMs): Kill => ({ when: 'opened', afterMs })),
  ...[0, 0, 1, 5].map((afterMs): Kill => ({ when: 'stored', afterMs })),
];

const ops = {
  ...portsOps,
  reserveOrDie: op({
    in: (draw) => ({ name: `d${draw.client}`, kill: draw.pick(kills) }),
    run: (site: Site, input) => site.reserve(input.name, input),
    on: refusals,
  }),
  askAgain: op({
    in: (draw) => `d${draw.client}`,
    run: async (site: Site, name) => {
      const before = storedRows(site.shared).find((row) => basename(row.path) === name)?.port;
      return { before, port: await site.reserve(name) };
    },
  }),
};

/** Many reservations at once with real probes; from the command line, every third is killed. */
export const p3 = torture({
  name: 'P3',
  store: siteStore(() => ({ range, probes: true, directories: directories(clients) })),
  ops,
  plan: ({ mode, full }) => {
    const repeats = full ? 10 : mode === 'cli' ? 1 : 2;
    const reserver = { name: 'reserver', does: 'reserve', count: 1 } as const;
    const victim = { name: 'victim', does: 'reserveOrDie', count: 1 } as const;
    if (mode !== 'cli') {
      return { repeats, phases: [{ name: 'run', roles: [{ ...reserver, clients }] }] };
    }
    return {
      repeats,
      phases: [
        {
          name: 'run',
          roles: [
            { ...victim, clients: victims },
            { ...reserver, clients: clients - victims },
          ],
        },
        {
          name: 'again',
          isMeasured: false,
          roles: [{ ...victim, does: 'askAgain', clients: victims }],
        },
      ],
    };
  },
  invariants: {
    sound: (site) => isSound(site),
    'printed is stored': async (site, history) =>
      printedIsStored(await site.list(), printed(history)),
    'nothing else is stored': async (site) => unasked(await site.list(), directories(clients)),
    'no port twice': (site, history) => {
      const ports = storedRows(site.shared).map((row) => row.port);
      if (new Set(ports).size !== ports.length) return 'the database holds a port twice';
      return sharedPorts(printed(history));
    },
    'ports of the range': (_site, history) =>
      printed(history)
        .filter(({ output }) => output < range.min || output > range.max)
        .map((one) => ({ message: `${one.output} is out of range`, operations: [one] })),
    'who is killed keeps what he had': (_site, history) =>
      history
        .ok('askAgain')
        .filter(({ output: { before, port } }) => before !== undefined && before !== port)
        .map((one) => ({
          message: `${one.output.before} became ${one.output.port}`,
          operations: [one],
        })),
    'nobody is refused': (_site, history) => {
      noteKills(history);
      return history.operations
        .filter(
          ({ f, outcome }) => outcome !== 'ok' && !(f === 'reserveOrDie' && outcome === 'info'),
        )
        .map((one) => ({ message: 'a reservation was not made', operations: [one] }));
    },
  },
});

/** What was given, whether the caller was to be killed or not. */
function printed(history: History<typeof ops>): readonly Operation<string, number>[] {
  const survived = history.ok('reserveOrDie').map((one) => ({ ...one, input: one.input.name }));
  const again = history.ok('askAgain').map((one) => ({ ...one, output: one.output.port }));
  return [...history.ok('reserve'), ...survived, ...again];
}

/** How many callers were killed early enough, and how many of these had reserved by then. */
function noteKills(history: History<typeof ops>): void {
  const armed = history.of('reserveOrDie');
  if (armed.length === 0) return;
  const died = armed.filter((one) => one.outcome === 'info').map((one) => one.process);
  const done = history
    .ok('askAgain')
    .filter((one) => died.includes(one.process) && one.output.before !== undefined);
  history.note(
    `${died.length} of ${armed.length} killed callers never printed, ${done.length} of them had reserved`,
  );
}
