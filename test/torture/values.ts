import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { torture } from '../../src/torture/declare/declaration.ts';
import { plan } from './rounds.ts';

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
