// write-file-atomic replaces a whole file so that nobody sees half of it, and queues the writes to
// one file within a process. Its README promises no more, and nothing for reading and then writing.
// Atomic is not isolated: a counter kept with it loses additions, although no file is ever torn.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
// @ts-expect-error: it comes without types.
import writeFileAtomic from 'write-file-atomic';
import { constant, illegal, torture } from '../../src/torture.ts';

const read = async (file: string) => Number(await readFile(file, 'utf8'));

export default torture({
  name: 'write-file-atomic',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'count'), '0');
      return join(dir, 'count');
    },
    open: (file) => file,
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: constant(1),
      run: async (file, step) => {
        const next = (await read(file)) + step;
        await writeFileAtomic(file, String(next));
        return next;
      },
      spec: (count, step, next) =>
        next === count + step ? next : illegal(`${next} does not follow ${count}`),
    }),
  }),
  invariants: {
    'every addition counts': async (file, history) => {
      const additions = history.ok('add').length;
      const lost = additions - (await read(file));
      history.note(`lost ${lost} of ${additions}`);
      return lost === 0;
    },
  },
  expect: ['all-ok', 'linearizable'],
});
