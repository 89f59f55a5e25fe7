import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { op, torture } from '../../src/torture/declare/declaration.ts';
import { plan } from './rounds.ts';

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
