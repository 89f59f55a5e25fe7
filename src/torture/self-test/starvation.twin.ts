import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { torture } from '../declare/declaration.ts';

const READERS = 0;
/** A reader reads most of the time. */
const TURNS = 20;

/** A lock in shared memory for many readers or one writer, for whom the readers hold back. */
export const declared = torture({
  name: 'starvation',
  store: {
    create: () => new Int32Array(new SharedArrayBuffer(4)),
    open: (lock) => lock,
  },
  ops: (op) => ({
    read: op({
      in: () => null,
      run: async (lock) => {
        Atomics.add(lock, READERS, 1);
        for (let left = TURNS; left > 0; left -= 1) await turn();
        Atomics.sub(lock, READERS, 1);
      },
    }),
    write: op({
      in: () => null,
      run: async (lock) => {
        while (Atomics.load(lock, READERS) > 0) await pause(1);
        await pause(1);
      },
    }),
  }),
  plan: () => ({
    phases: [
      {
        name: 'run',
        roles: [
          { name: 'writer', clients: 1, does: 'write', count: 50 },
          { name: 'reader', clients: 3, does: 'read', count: 20_000 },
        ],
      },
    ],
  }),
});
