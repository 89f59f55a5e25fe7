import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type KeyId, Vault } from '../src/vault.ts';

/** What a thread is told. */
export interface StressTask {
  readonly vault: string;
  readonly calls: number;
  readonly worker: number;
  /** One word: 0 until all begin. */
  readonly gate: SharedArrayBuffer;
}

if (isMainThread) await rotateInTurns();
else await stress(workerData as StressTask);

/** The seed's mix: a quarter each of store, retrieve, delete and list. */
async function stress({ vault: name, calls, worker, gate }: StressTask): Promise<void> {
  await using vault = await Vault.open({ ephemeral: true, name, lockTimeoutMs: 60_000 });
  const own: KeyId[] = [];
  const kinds = [
    async () => void own.push((await vault.create()).id),
    async () => void (await vault.get(own.at(-1) ?? '00'.repeat(16))),
    () => remove(vault, own.shift()),
    async () => void (await vault.list()),
  ];
  parentPort?.postMessage('ready');
  Atomics.wait(new Int32Array(gate), 0, 0);
  for (let call = 0; call < calls; call += 1) await kinds[(call + worker) % kinds.length]?.();
  parentPort?.postMessage('done');
  await once(parentPort as NonNullable<typeof parentPort>, 'message');
}

async function remove(vault: Vault, id: KeyId | undefined): Promise<void> {
  if (id === undefined) return;
  await vault.revoke(id);
  await vault.delete(id);
}

/** One more version, so often, of a key that all processes have. */
async function rotateInTurns(): Promise<void> {
  const [kind, dir = '', id = '', count] = process.argv.slice(2);
  const rotate =
    kind === 'json' ? () => rotateJson(join(dir, 'keys.json')) : await rotation(dir, id);
  console.log('ready');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  for (let call = 0; call < Number(count); call += 1) await rotate();
  console.log('done');
}

async function rotation(dir: string, id: string): Promise<() => Promise<unknown>> {
  const unlock = { keyFile: join(dir, 'key') };
  const vault = await Vault.open({ dir, unlock, lockTimeoutMs: 60_000 });
  return () => vault.rotate(id);
}

/** What most programs do: a lock file, the whole file read, changed, written beside it and renamed. */
async function rotateJson(file: string): Promise<void> {
  const lock = `${file}.lock`;
  for (;;) {
    try {
      closeSync(openSync(lock, 'wx'));
      break;
    } catch {
      await sleep(1);
    }
  }
  const { versions } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { versions: 1 };
  const fd = openSync(`${file}.new`, 'w', 0o600);
  writeSync(fd, JSON.stringify({ versions: versions + 1 }));
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${file}.new`, file);
  unlinkSync(lock);
}
