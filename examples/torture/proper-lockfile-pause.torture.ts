// proper-lockfile's lock goes to another when its holder has not renewed it for the stale time. Its
// README says so, and that `onCompromised` tells the holder. Here one holder blocks its event loop
// for longer: others come in, it writes and releases before anything could tell it, and what they
// wrote is gone. Every lock that times out has this, unless what it guards checks a fencing token.
// (The README gives 5000 ms as the smallest stale time, the code takes 2000.)
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { illegal, torture } from '../../src/torture.ts';

const STALE_MS = 2000;
const never = new Int32Array(new SharedArrayBuffer(4));
const read = (file: string): number => JSON.parse(readFileSync(file, 'utf8')).count;
/** One clock for all processes of a machine. */
const now = () => Number(process.hrtime.bigint());

export default torture({
  name: 'proper-lockfile-pause',
  store: {
    create: ({ dir }) => {
      const file = join(dir, 'counter.json');
      writeFileSync(file, '{ "count": 0 }');
      return file;
    },
    open: (file) => file,
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      // The first client blocks, once.
      in: ({ client, nth }) => (client === 0 && nth === 0 ? 'and block' : 'and go on'),
      run: async (file, manner) => {
        // Retries are no queue: without a rest one client is often done before another is in.
        await pause(10);
        let isTold = false;
        const release = await lock(file, {
          stale: STALE_MS,
          retries: { forever: true, minTimeout: 5, maxTimeout: 50 },
          onCompromised: () => {
            isTold = true;
          },
        });
        const enteredAt = now();
        try {
          const count = read(file) + 1;
          if (manner === 'and block') Atomics.wait(never, 0, 0, 2 * STALE_MS);
          writeFileSync(file, JSON.stringify({ count }));
          return { count, enteredAt, leftAt: now(), isTold };
        } finally {
          await release();
        }
      },
      spec: (count, _manner, answer) =>
        answer?.count === count + 1
          ? answer.count
          : illegal(`${answer?.count} does not follow ${count}`),
      on: { ERELEASED: 'info' },
    }),
  }),
  invariants: {
    'one at a time is inside': (file, history) => {
      const additions = history.ok('add');
      const told = additions.filter(({ output }) => output.isTold).length;
      history.note(`lost ${additions.length - read(file)} of ${additions.length}`);
      history.note(`told before they wrote: ${told}`);
      const others = (one: (typeof additions)[number]) =>
        additions.filter(
          ({ output }) =>
            output.enteredAt > one.output.enteredAt && output.enteredAt < one.output.leftAt,
        );
      return additions
        .filter((one) => others(one).length > 0)
        .map((one) => ({ message: 'others came in', operations: [one, ...others(one)] }));
    },
  },
  expect: ['linearizable'],
});
