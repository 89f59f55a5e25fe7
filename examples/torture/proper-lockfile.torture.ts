// proper-lockfile is a lock between processes and machines, made of a directory. Exclusion is what
// its README promises, and it holds here: a counter in a JSON file loses nothing under the lock.
// For a holder that is stopped for longer than the lock's stale time see the file beside this one.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { constant, illegal, torture } from '../../src/torture.ts';

const read = (file: string): number => JSON.parse(readFileSync(file, 'utf8')).count;

export default torture({
  name: 'proper-lockfile',
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
      in: constant(1),
      run: async (file, step) => {
        const release = await lock(file, {
          retries: { forever: true, minTimeout: 5, maxTimeout: 50 },
        });
        try {
          const count = read(file) + step;
          writeFileSync(file, JSON.stringify({ count }));
          return count;
        } finally {
          await release();
        }
      },
      spec: (count, step, next) =>
        next === count + step ? next : illegal(`${next} does not follow ${count}`),
    }),
  }),
  invariants: {
    'every addition counts': (file, history) => {
      const additions = history.ok('add').length;
      const lost = additions - read(file);
      history.note(`lost ${lost} of ${additions}`);
      return lost === 0;
    },
  },
  expect: ['all-ok', 'linearizable'],
});
