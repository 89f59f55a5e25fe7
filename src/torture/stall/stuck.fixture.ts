import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { ownThreadId } from './cpu.ts';

/** A process or thread that gets stuck in one of these ways, after it has said that it is there. */
const args: readonly string[] = parentPort ? workerData : process.argv.slice(2);
const [way = '', dir = '', ...names] = args;

/** Say that they are there when they have what they take. */
const AT_THEIR_OWN_TIME = new Set(['takes files', 'takes kernel locks', 'holds a database']);

/** Waits until told to go on. */
async function sayAndWait(): Promise<void> {
  process.send?.('here');
  await once(process, 'message');
}

function spinForEver(): never {
  for (;;);
}

function waitOnMemory(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Nobody ever writes to it. */
function openPipe(): void {
  openSync(join(dir, 'pipe'), 'r');
}

async function takeFiles(): Promise<void> {
  const [mine = '', theirs = ''] = names.map((name) => join(dir, name));
  writeFileSync(mine, '', { flag: 'wx' });
  await sayAndWait();
  for (;;) {
    try {
      writeFileSync(theirs, '', { flag: 'wx' });
      return;
    } catch {
      await pause(50);
    }
  }
}

interface KernelLocks {
  tryLock(descriptor: number): boolean;
  waitForLock(descriptor: number): Promise<void>;
}

async function takeKernelLocks(): Promise<void> {
  const kernel: KernelLocks = createRequire(import.meta.url)('fs-native-extensions');
  const [mine, theirs] = await Promise.all(names.map((name) => open(join(dir, name), 'a+')));
  if (mine) kernel.tryLock(mine.fd);
  await sayAndWait();
  if (theirs) await kernel.waitForLock(theirs.fd);
}

async function holdDatabase(): Promise<void> {
  const database = new DatabaseSync(join(dir, 'data.db'));
  database.exec('BEGIN EXCLUSIVE');
  await sayAndWait();
  database.close();
}

/** 100 ms of processor time, however long that takes. */
function compute(): void {
  const begin = process.cpuUsage();
  const usedMs = () => {
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  };
  while (usedMs() < 100);
}

/** The command spins as long as the directory is there, or for a minute if nobody removes it. */
async function waitForCommand(): Promise<void> {
  const command = ['60', 'sh', '-c', 'while [ -e "$0" ]; do :; done', dir];
  await once(spawn('timeout', command, { stdio: 'ignore' }), 'close');
}

const ways: Readonly<Record<string, () => void | Promise<void>>> = {
  spins: spinForEver,
  'waits on memory': waitOnMemory,
  'opens a pipe': openPipe,
  'waits for a timer': () => pause(600_000),
  'takes files': takeFiles,
  'takes kernel locks': takeKernelLocks,
  'holds a database': holdDatabase,
  'waits for a command': waitForCommand,
  computes: compute,
};

if (parentPort) parentPort.postMessage(ownThreadId());
else if (!AT_THEIR_OWN_TIME.has(way)) {
  // Written before the loop is blocked.
  await new Promise((written) => process.send?.('here', written));
}
await ways[way]?.();
process.send?.('done');
process.disconnect?.();
