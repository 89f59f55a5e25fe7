import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { torture } from '../declare/declaration.ts';
import { unique } from '../declare/input.ts';

/** One value with its checksum. */
export const declared = torture({
  name: 'damage-unnoticed',
  store: {
    create: async ({ dir }) => {
      await put(dir, 'first');
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: 'first' },
  ops: (op) => ({
    set: op({ in: unique(), run: put, spec: (_, value) => value }),
    get: op({
      in: () => null,
      run: async (dir) => {
        const [sum, value = ''] = (await readFile(join(dir, 'value'), 'utf8')).split(' ');
        if (sum !== String(crc32(value))) {
          throw Object.assign(new Error('the value is damaged'), { code: 'DAMAGED' });
        }
        return value;
      },
      spec: (value, _, answer) => answer === undefined || answer === value,
      on: { DAMAGED: 'fail' },
    }),
  }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

async function put(dir: string, value: string): Promise<void> {
  await writeFile(join(dir, `${value}.new`), `${crc32(value)} ${value}`);
  await rename(join(dir, `${value}.new`), join(dir, 'value'));
}
