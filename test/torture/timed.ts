import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { op, torture } from '../../src/torture/declare/declaration.ts';
import { plan } from './rounds.ts';

const nowhere = { create: () => null, open: () => null };

/** How long the slowest operation of `hiccuping` takes, of which no other one takes a twentieth. */
export const HICCUP_MS = 300;

/** One of its operations holds up its client. */
export const hiccuping = torture({
  name: 'hiccuping',
  store: nowhere,
  ops: {
    work: op({
      in: (draw) => draw.client === 0 && draw.nth === 40,
      run: (_store, isLong) => (isLong ? pause(HICCUP_MS) : turn()),
    }),
  },
  plan: plan('work', { clients: 2, rounds: 1, count: 120, rate: 100 }),
  invariants: {
    'each is due at its time': (_store, history) => {
      const own = history.of('work').filter(({ process }) => process === 0);
      const [first] = own;
      // Timers count whole milliseconds.
      return own.every(
        ({ dueAt = 0, invokedAt }, index) =>
          invokedAt > dueAt - 2e6 && Math.round(dueAt - (first?.dueAt ?? 0)) === index * 1e7,
      );
    },
  },
});

/** Reads the clock of the machine, and has no other state. */
export const clocks = torture({
  name: 'clocks',
  store: nowhere,
  ops: { read: op({ in: () => null, run: () => Number(process.hrtime.bigint()) }) },
  plan: plan('read', { clients: 4, rounds: 5, count: 50 }),
  invariants: {
    'all clocks are one': (_store, history) => {
      // Each reading was taken between the times of its operation, which count from the same instant.
      const reads = history.ok('read');
      const latest = Math.min(...reads.map(({ output, invokedAt }) => output - invokedAt));
      const earliest = Math.max(...reads.map((one) => one.output - (one.returnedAt ?? 0)));
      history.note(`the run began within ${Math.round(latest - earliest)} ns`);
      return earliest <= latest;
    },
  },
});
