import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { illegal, op, torture } from '../../src/torture/declare/declaration.ts';
import type { Plan } from '../../src/torture/declare/plan.ts';

// Stores for torture-faults.test.ts: each as small as it can be, sound or with one fault.

/** Clients that all do one thing, in short rounds. */
function plan<F extends string>(
  does: F,
  { clients = 3, rounds = 3, count = 10, rate }: PlanSize = {},
): () => Plan<F> {
  const roles = [{ name: 'client', clients, does, count, rate }];
  return () => ({ phases: [{ name: 'run', rounds, roles }] });
}

interface PlanSize {
  readonly clients?: number;
  readonly rounds?: number;
  readonly count?: number;
  readonly rate?: number;
}

const keys = ['k0', 'k1'];

/** Two registers in SQLite. */
export const soundRegister = torture({
  name: 'sound register',
  store: {
    create: ({ dir }) => {
      const file = join(dir, 'register.db');
      using database = new DatabaseSync(file);
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE register (key PRIMARY KEY, value)');
      return file;
    },
    open: (file) => new DatabaseSync(file, { timeout: 10_000 }),
    close: (database) => database.close(),
  },
  model: { init: 'nothing', partition: ({ key }: { key: string }) => key },
  ops: (op) => ({
    get: op({
      in: (draw) => ({ key: draw.pick(keys), value: '' }),
      run: (database, { key }) => {
        const row = database.prepare('SELECT value FROM register WHERE key = ?').get(key);
        return String(row?.value ?? 'nothing');
      },
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
    set: op({
      in: (draw) => ({
        key: draw.pick(keys),
        value: `c${draw.client}-r${draw.round}-${draw.nth}`,
      }),
      run: (database, { key, value }) => {
        database.prepare('REPLACE INTO register VALUES (?, ?)').run(key, value);
      },
      spec: (_, { value }) => value,
    }),
  }),
  finalReads: keys.map((key) => ({ f: 'get' as const, input: { key, value: '' } })),
  expect: ['linearizable'],
});

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
  { clients: 11, rounds: 2, count: 12 },
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
export const swallowingLedger = ledger('swallowing ledger', { count: 30 }, (file) => {
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
export const reportingLedger = ledger('reporting ledger', { count: 30 }, (file) => {
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

/** What `add` of a counter must answer when it is one step. */
function next(count: number, _input: unknown, output: number | undefined) {
  return output === undefined || output === count + 1 ? count + 1 : illegal('not the next');
}

/** A counter that is read and written under a lock of the kernel. */
export const lockedCounter = torture({
  name: 'locked counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      return join(dir, 'counter');
    },
    open: async (file, world) => ({ world, file: await open(file, 'r+') }),
    close: ({ file }) => file.close(),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async ({ world, file }) => {
        await world.lock(file);
        try {
          const count = Number((await readAll(file)).toString()) + 1;
          await pause(1);
          await file.write(String(count), 0);
          return count;
        } finally {
          world.unlock(file);
        }
      },
      spec: next,
    }),
  }),
  plan: plan('add', { rounds: 2, count: 40 }),
  expect: ['linearizable', 'all-ok'],
});

/** A counter under a file that is there while somebody is at it, whatever becomes of him. */
export const lockFileCounter = torture({
  name: 'lock file counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async (dir) => {
        const lock = join(dir, 'lock');
        while (!isMade(lock)) await pause(2);
        const count = Number(readFileSync(join(dir, 'counter'), 'utf8')) + 1;
        await pause(UNDER_WAY_MS);
        writeFileSync(join(dir, 'counter'), String(count));
        unlinkSync(lock);
        return count;
      },
      spec: next,
    }),
    get: op({
      in: () => null,
      run: async (dir) => {
        while (existsSync(join(dir, 'lock'))) await pause(2);
        return Number(readFileSync(join(dir, 'counter'), 'utf8'));
      },
      spec: (count, _, output) => output === undefined || output === count,
    }),
  }),
  plan: plan('add', { rounds: 2, count: 20 }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

function isMade(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
  return buffer.subarray(0, bytesRead);
}

/** Shorter than the pauses of a test. */
const LEASE_MS = 100;

/** A counter under a lease, of which nobody asks when he writes whether he still has it. */
export const leasedCounter = torture({
  name: 'leased counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      writeFileSync(join(dir, 'lease'), '0');
      return dir;
    },
    open: async (dir, world) => ({ world, dir, lease: await open(join(dir, 'lease'), 'r+') }),
    close: ({ lease }) => lease.close(),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async ({ world, dir, lease }) => {
        const renew = async (until: number) => {
          await world.lock(lease);
          const isFree = Number((await readAll(lease)).toString()) < Date.now();
          if (isFree || until === 0) await lease.write(String(until).padStart(20), 0);
          world.unlock(lease);
          return isFree;
        };
        while (!(await renew(Date.now() + LEASE_MS))) await pause(1);
        const count = Number(readFileSync(join(dir, 'counter'), 'utf8')) + 1;
        await pause(UNDER_WAY_MS);
        writeFileSync(join(dir, 'counter'), String(count));
        await renew(0);
        return count;
      },
      spec: next,
    }),
  }),
  plan: plan('add', { clients: 2, rounds: 1, count: 60 }),
  expect: ['linearizable'],
});

/** One value in a file; `read` says what comes of bytes that are not as they were written. */
function valueFile(name: string, read: (bytes: Buffer) => string | Promise<string>) {
  return torture({
    name,
    module: import.meta.url,
    store: {
      create: ({ dir }) => {
        put(dir, 'first');
        return dir;
      },
      open: (dir) => dir,
    },
    model: { init: 'first' },
    ops: (op) => ({
      set: op({
        in: (draw) => `c${draw.client}-r${draw.round}-${draw.nth}`,
        run: async (dir, value) => {
          await turn();
          put(dir, value);
        },
        spec: (_, value) => value,
      }),
      get: op({
        in: () => null,
        run: (dir) => read(readFileSync(join(dir, 'value'))),
        spec: (value, _, answer) => answer === undefined || answer === value,
        on: { DAMAGED: 'fail' },
      }),
    }),
    plan: plan('set', { clients: 2, rounds: 1, count: 2 }),
    finalReads: [{ f: 'get', input: null }],
    expect: ['linearizable'],
  });
}

function put(dir: string, value: string): void {
  const file = join(dir, `.${value}`);
  writeFileSync(file, `${checksum(value)} ${value}`);
  renameSync(file, join(dir, 'value'));
}

function checksum(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16);
}

/** Undefined where the bytes are damaged. */
function valueIn(bytes: Buffer): string | undefined {
  const [sum, value = ''] = bytes.toString('latin1').split(' ');
  return sum === checksum(value) ? value : undefined;
}

export const checkedValue = valueFile('checked value', (bytes) => {
  const value = valueIn(bytes);
  if (value !== undefined) return value;
  throw Object.assign(new Error('the value is damaged'), { code: 'DAMAGED' });
});

export const uncheckedValue = valueFile(
  'unchecked value',
  (bytes) => bytes.toString('latin1').split(' ')[1] ?? '',
);

/** Takes its process with it when the value is damaged. */
export const abortingValue = valueFile(
  'aborting value',
  (bytes) => valueIn(bytes) ?? process.abort(),
);

/** Looks for the value for ever when it is damaged. */
export const searchingValue = valueFile('searching value', (bytes) => {
  for (;;) {
    const value = valueIn(bytes);
    if (value !== undefined) return value;
  }
});

/** Waits for the value for ever when it is damaged. */
export const waitingValue = valueFile(
  'waiting value',
  (bytes) => valueIn(bytes) ?? new Promise<string>(() => undefined),
);

/** A value of which nothing is promised. */
export const unspecified = torture({
  name: 'unspecified',
  store: {
    create: ({ dir }) => {
      put(dir, 'first');
      return join(dir, 'value');
    },
    open: (file) => file,
  },
  ops: (op) => ({
    get: op({ in: () => null, run: async (file) => readFileSync(file, 'latin1') }),
  }),
  plan: plan('get', { clients: 2, rounds: 1, count: 4 }),
  finalReads: [{ f: 'get', input: null }],
});

/** Opens a file and closes it. */
export const tidy = torture({
  name: 'tidy',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'file'), '');
      return dir;
    },
    open: (dir) => openSync(join(dir, 'file'), 'r'),
    close: (file) => closeSync(file),
  },
  ops: { rest: op({ in: () => null, run: () => pause(2) }) },
  plan: plan('rest', { clients: 2, rounds: 1, count: 4 }),
  expect: ['no-leak'],
});

/** One of its clients waits for what only another one does. */
export const waitingForOthers = torture({
  name: 'waiting for others',
  store: {
    create: ({ dir }) => join(dir, 'given'),
    open: (file) => file,
  },
  ops: (op) => ({
    meet: op({
      in: (draw) => draw.client,
      run: async (file, client) => {
        if (client === 1) writeFileSync(file, '');
        while (!existsSync(file)) await pause(1);
      },
    }),
  }),
  plan: plan('meet', { clients: 2, rounds: 1, count: 4 }),
  expect: ['no-leak'],
});

let opened = 0;

/** Leaves a descriptor, a file and a process behind whenever it is opened. */
export const littering = torture({
  name: 'littering',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'kept'), '');
      return dir;
    },
    open: (dir) => {
      opened += 1;
      openSync(join(dir, 'kept'), 'r');
      writeFileSync(join(dir, `left-${process.pid}-${opened}`), '');
      // It ends with its standard input, and so with the worker.
      spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }).unref();
    },
  },
  ops: { rest: op({ in: () => null, run: () => pause(2) }) },
  plan: plan('rest', { clients: 2, rounds: 1, count: 4 }),
  expect: ['no-leak'],
});

/** Two locks in shared memory, which clients of odd and even numbers take in opposite order. */
export const crossedThreads = torture({
  name: 'crossed threads',
  store: {
    create: () => new Int32Array(new SharedArrayBuffer(8)),
    open: (locks) => locks,
  },
  ops: (op) => ({
    both: op({
      in: (draw) => draw.client,
      run: (locks, client) => takeBothLocks(locks, client % 2),
    }),
  }),
  plan: plan('both', { clients: 2, rounds: 40, count: 5 }),
});

function takeBothLocks(locks: Int32Array, first: number): void {
  takeLock(locks, first);
  // Long enough for the other one to have taken its first.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  takeLock(locks, 1 - first);
  for (const lock of [0, 1]) {
    Atomics.store(locks, lock, 0);
    Atomics.notify(locks, lock);
  }
}

function takeLock(locks: Int32Array, lock: number): void {
  while (Atomics.compareExchange(locks, lock, 0, 1) !== 0) Atomics.wait(locks, lock, 1);
}

/** The same with two locks of the kernel. */
export const crossedProcesses = torture({
  name: 'crossed processes',
  store: {
    create: ({ dir }) => {
      for (const name of ['first', 'second']) writeFileSync(join(dir, name), '');
      return dir;
    },
    open: async (dir, world) => ({
      world,
      locks: [await open(join(dir, 'first'), 'r+'), await open(join(dir, 'second'), 'r+')],
    }),
    close: async ({ locks }) => {
      for (const lock of locks) await lock.close();
    },
  },
  ops: (op) => ({
    both: op({
      in: (draw) => draw.client,
      run: async ({ world, locks }, client) => {
        const order = client % 2 === 0 ? locks : locks.toReversed();
        for (const lock of order) {
          await world.lock(lock);
          await pause(5);
        }
        for (const lock of order) world.unlock(lock);
      },
    }),
  }),
  plan: plan('both', { clients: 2, rounds: 40, count: 5 }),
});

const nowhere = { create: () => null, open: () => null };

/** Its second client's third operation computes for ever. */
export const spinning = torture({
  name: 'spinning',
  store: nowhere,
  ops: {
    compute: op({
      in: (draw) => draw.client === 1 && draw.nth === 2,
      run: async (_store, isEndless) => {
        await turn();
        if (isEndless) computeForEver();
      },
    }),
  },
  plan: plan('compute', { clients: 2, rounds: 1, count: 5 }),
});

function computeForEver(): void {
  for (let count = 0; ; count += 1) Math.sqrt(count);
}

/** Its second client's third operation stops its process. */
export const stopping = torture({
  name: 'stopping',
  store: nowhere,
  ops: {
    work: op({
      in: (draw) => draw.client === 1 && draw.nth === 2,
      run: async (_store, isLast) => {
        await turn();
        if (isLast) process.kill(process.pid, 'SIGSTOP');
      },
    }),
  },
  plan: plan('work', { clients: 2, rounds: 1, count: 5 }),
});

/** Its first client waits as long as the others do anything at all. */
export const starving = torture({
  name: 'starving',
  store: nowhere,
  ops: {
    work: op({
      in: (draw) => draw.client,
      run: (_store, client) => pause(client === 0 ? 60_000 : 1),
    }),
  },
  plan: plan('work', { clients: 3, rounds: 1, count: 20_000 }),
});

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
