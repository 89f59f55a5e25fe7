import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { illegal, torture } from '../../src/torture/declare/declaration.ts';
import { type PlanSize, plan } from './rounds.ts';

/** Where a client keeps its items, one a line, and how it adds one. */
interface Ledger {
  readonly add: (item: string) => void | Promise<void>;
  readonly close?: () => void | Promise<void>;
}

interface Item {
  /** Of which client. */
  readonly key: string;
  readonly item: string;
}

const itemOf = ({ client, round, nth }: { client: number; round: number; nth: number }): Item => ({
  key: `k${client}`,
  item: `${round}-${nth}`,
});

/** Each client adds items to a file of its own; what was acknowledged is there at the end. */
function ledger(name: string, size: PlanSize, openFile: (file: string) => Ledger) {
  const { clients = 3 } = size;
  const init: readonly string[] = [];
  return torture({
    name,
    module: import.meta.url,
    store: {
      create: ({ dir }) => {
        for (let client = 0; client < clients; client += 1)
          writeFileSync(join(dir, `k${client}`), '');
        return dir;
      },
      open: (dir) => {
        const ledgers = new Map<string, Ledger>();
        const of = (key: string) => {
          const known = ledgers.get(key) ?? openFile(join(dir, key));
          ledgers.set(key, known);
          return known;
        };
        return { dir, of, ledgers };
      },
      close: async ({ ledgers }) => {
        for (const one of ledgers.values()) await one.close?.();
      },
    },
    model: { init, partition: ({ key }: Item) => key },
    ops: (op) => ({
      add: op({
        in: itemOf,
        run: ({ of }, { key, item }) => of(key).add(item),
        spec: (items, { item }) => [...items, item].sort(),
        on: { ENOSPC: 'fail', EMFILE: 'fail', EIO: 'fail' },
      }),
      list: op({
        in: (draw) => ({ key: `k${draw.client}`, item: '' }),
        run: ({ dir }, { key }) => itemsIn(join(dir, key)),
        spec: (items, _, answer) =>
          answer === undefined ||
          answer.toSorted().join() === items.join() ||
          illegal(`${answer.join()} is not ${items.join()}`),
      }),
    }),
    plan: plan('add', size),
    finalReads: Array.from({ length: clients }, (_, client) => ({
      f: 'list' as const,
      input: { key: `k${client}`, item: '' },
    })),
    expect: ['linearizable'],
  });
}

function itemsIn(file: string): readonly string[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.replace(PAD, ''));
}

/** How long the writes of a store are under way that a kill is to meet. */
const UNDER_WAY_MS = 8;

/** Written before it is acknowledged. */
export const soundLedger = ledger('sound ledger', {}, (file) => ({
  add: async (item) => {
    appendFileSync(file, `${item}\n`);
    await pause(UNDER_WAY_MS);
  },
}));

/** Eleven clients for a few workers, who never wait: one does all it has to do before the next. */
export const crowdedLedger = ledger(
  'crowded ledger',
  { clients: 11, rounds: 1, count: 8 },
  (file) => ({
    add: (item) => {
      const until = performance.now() + 2;
      appendFileSync(file, `${item}\n`);
      while (performance.now() < until);
    },
  }),
);

/** Acknowledges, and writes a little later. */
export const hastyLedger = ledger('hasty ledger', {}, (file) => {
  const unwritten = new Set<Promise<void>>();
  return {
    add: async (item) => {
      const written = pause(10 * UNDER_WAY_MS).then(() => appendFileSync(file, `${item}\n`));
      unwritten.add(written);
      void written.then(() => unwritten.delete(written));
      await pause(UNDER_WAY_MS);
    },
    close: async () => {
      await Promise.all(unwritten);
    },
  };
});

/** Empties its file before it writes it anew. */
export const rewritingLedger = ledger('rewriting ledger', {}, (file) => ({
  add: async (item) => {
    const items = [...itemsIn(file), item];
    writeFileSync(file, '');
    await pause(UNDER_WAY_MS);
    writeFileSync(file, `${items.join('\n')}\n`);
  },
}));

/** Takes every error for a success. */
export const swallowingLedger = ledger('swallowing ledger', { clients: 2, count: 30 }, (file) => {
  const appender = new Appender(file);
  return {
    add: async (item) => {
      await turn();
      try {
        appender.append(item);
      } catch {
        // That is the fault.
      }
    },
    close: () => appender.close(),
  };
});

/** Takes back what it has written in part, and says so. */
export const reportingLedger = ledger('reporting ledger', { clients: 2, count: 30 }, (file) => {
  const appender = new Appender(file);
  return {
    add: async (item) => {
      await turn();
      const { size } = statSync(file);
      try {
        appender.append(item);
      } catch (error) {
        truncateSync(file, size);
        throw error;
      }
    },
    close: () => appender.close(),
  };
});

/** Long lines, so that a small disk is soon full. */
const PAD = '.'.repeat(400);

/** Opens its file anew for each line and closes it late, so that descriptors are soon used up. */
class Appender {
  readonly #file: string;
  readonly #open: number[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  append(item: string): void {
    const descriptor = openSync(this.#file, 'a');
    this.#open.push(descriptor);
    const line = Buffer.from(`${item}${PAD}\n`);
    for (let at = 0; at < line.length; at += writeSync(descriptor, line, at));
  }

  close(): void {
    for (const descriptor of this.#open.splice(0)) closeSync(descriptor);
  }
}
