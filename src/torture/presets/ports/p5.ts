import { torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { printedIsStored, sharedPorts, unasked } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, siteStore } from './site.ts';

const range = { min: 50_000, max: 50_010 };
const pool = range.max - range.min + 1;
const clients = 20;

/** Twenty callers and eleven ports. */
export const p5 = torture({
  name: 'P5',
  store: siteStore(() => ({ range, directories: directories(clients) })),
  ops: portsOps,
  plan: ({ mode, full }) => ({
    repeats: mode === 'cli' ? (full ? 5 : 1) : full ? 20 : 6,
    phases: [{ name: 'run', roles: [{ name: 'racer', clients, does: 'reserve', count: 1 }] }],
  }),
  invariants: {
    'exactly the pool': (_site, history) => {
      const given = history.ok('reserve');
      const ports = new Set(given.map((one) => one.output));
      const isPool = [...ports].every((port) => port >= range.min && port <= range.max);
      if (given.length === pool && ports.size === pool && isPool) return;
      const message = `${given.length} of ${clients} callers were given ${ports.size} of ${pool} ports`;
      return { message, operations: given };
    },
    'no port twice': (_site, history) => sharedPorts(history.ok('reserve')),
    'clean refusals': (_site, history) =>
      history
        .of('reserve')
        .filter((one) => one.outcome === 'fail')
        .filter((one) => !/no available ports|exhausted/i.test(messageOf(one)))
        .map((one) => ({ message: 'the refusal does not say why', operations: [one] })),
    'printed is stored': async (site, history) =>
      printedIsStored(await site.list(), history.ok('reserve')),
    'nothing of the refused is stored': async (site, history) =>
      unasked(
        await site.list(),
        history.ok('reserve').map((one) => one.input),
      ),
  },
});

/** Without the code in front, which says it whatever the message says. */
function messageOf({ error = '' }: Operation): string {
  return error.slice(error.indexOf(': ') + 2);
}
