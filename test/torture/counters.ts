import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { illegal, op, torture } from '../../src/torture.ts';

const model = { init: 0 };

/** What `add` must answer when it is one step. */
function next(count: number, _input: unknown, output: number) {
  return output === count + 1 ? output : illegal(`${output} does not follow ${count}`);
}

/** A counter in SQLite, whose addition is one step. */
export const soundCounter = torture({
  name: 'sound counter',
  store: {
    create: ({ dir }) => {
      const file = join(dir, 'counter.db');
      using database = new DatabaseSync(file);
      database.exec('CREATE TABLE counter (count INTEGER); INSERT INTO counter VALUES (0)');
      return { file };
    },
    open: ({ file }) => new DatabaseSync(file, { timeout: 10_000 }),
    close: (database) => database.close(),
  },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: (database, step) =>
        Number(
          database.prepare('UPDATE counter SET count = count + ? RETURNING count').get(step)?.count,
        ),
      spec: next,
    }),
  }),
  model,
  invariants: {
    'counts every addition': (database, history) => {
      const count = Number(database.prepare('SELECT count FROM counter').get()?.count);
      // Of those that a crash cut off, nobody knows.
      return count >= history.ok('add').length && count <= history.of('add').length;
    },
  },
  expect: ['all-ok', 'linearizable'],
});

/** A counter in a file that is read, and a turn of the event loop later written. */
export const lossyCounter = torture({
  name: 'lossy counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      return join(dir, 'counter');
    },
    open: (file) => file,
  },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (file, step) => {
        const count = Number(readFileSync(file, 'utf8')) + step;
        await turn();
        writeFileSync(file, String(count));
        return count;
      },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

const nowhere = { create: () => null, open: () => null };

/** Its second client's third operation never comes back. */
export const hanging = torture({
  name: 'hanging',
  store: nowhere,
  ops: {
    wait: op({
      in: (draw) => ({ client: draw.client, nth: draw.nth }),
      run: (_store, { client, nth }) =>
        client === 1 && nth === 2 ? new Promise<void>(() => undefined) : turn(),
    }),
  },
});

/** Its second client takes its worker with it, in the third operation. */
export const dying = torture({
  name: 'dying',
  store: nowhere,
  ops: {
    live: op({
      in: (draw) => ({ client: draw.client, nth: draw.nth }),
      run: async (_store, { client, nth }) => {
        await turn();
        if (client === 1 && nth === 2) process.exit(7);
      },
    }),
  },
});

/** Two clients, of which one does nothing. */
export const lonely = torture({
  name: 'lonely',
  store: nowhere,
  ops: { turn: op({ in: () => null, run: () => turn() }) },
  plan: () => ({
    phases: [
      {
        name: 'run',
        roles: [
          { name: 'doer', clients: 1, does: 'turn', count: 20 },
          { name: 'idler', clients: 1, does: 'turn', count: 0 },
        ],
      },
    ],
  }),
});

/** Fails in every way there is, in turn. */
export const failing = torture({
  name: 'failing',
  store: nowhere,
  ops: {
    fail: op({
      in: (draw) => ['EREFUSED', 'EUNKNOWN', 'EBUG'][draw.nth % 3] ?? '',
      run: async (_store, code): Promise<void> => {
        await turn();
        throw Object.assign(new Error('as was asked'), { code });
      },
      on: { EREFUSED: 'fail', EUNKNOWN: 'info', EBUG: 'bug' },
    }),
  },
});

/** Its inputs are all that a seed decides. */
export const drawing = torture({
  name: 'drawing',
  store: nowhere,
  ops: { draw: op({ in: (draw) => draw.int(1e9), run: () => turn() }) },
});

/** Its two clients wait for anything, and so meet, from that repetition on. */
export const meetingLate = torture({
  name: 'meeting late',
  store: nowhere,
  ops: {
    turn: op({
      in: (draw) => draw.repeat,
      run: async (_store, repeat) => {
        if (repeat >= 7) await turn();
      },
    }),
  },
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'doer', clients: 2, does: 'turn', count: 10 }] }],
  }),
});

/** Breaks one promise again and again, and another one once. */
export const forgetful = torture({
  name: 'forgetful',
  store: nowhere,
  ops: { put: op({ in: (draw) => `k${draw.client}`, run: () => turn() }) },
  invariants: {
    'all is there': (_store, history) =>
      history.ok('put').map((one) => ({ message: `${one.input} is gone`, operations: [one] })),
    'is sorted': () => false,
  },
});
