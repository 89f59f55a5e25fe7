import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { argon2Sync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { Vault } from '../src/vault.ts';
import { type Bench, type Figure, median } from './figure.ts';
import type { StressTask } from './vault-worker.ts';
import { cleanEnvironment, inWorkspace } from './workspace.ts';

const WORKERS = 20;
const OPERATIONS = 2000;
const SEED_MS = 60;
const PROCESSES = 16;
const ROTATIONS = 50;
const KEYS = 1000;
const BACKUP_MS = 300;
const ROUNDS = 3;
const workerFile = join(import.meta.dirname, 'vault-worker.ts');

/** A vault that many use at once, and a large one that is backed up. */
export const vaultTogether: Bench = {
  name: 'a vault that many have open',
  run: () =>
    inWorkspace(async (directory) => [
      await stressing(),
      ...(await rotatingTogether(directory)),
      await backingUp(join(directory, 'large')),
    ]),
};

/** K5 of the seed: 20 workers, 2,000 operations, which took upstream 60 to 80 ms behind one mutex. */
async function stressing(): Promise<Figure> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await stressOnce(`bench-${round}`));
  const each = median(times);
  return {
    what: `${WORKERS} threads, ${OPERATIONS} operations, a vault in memory`,
    measured: `${each.toFixed(0)} ms`,
    goal: `< ${SEED_MS} ms`,
    pass: each < SEED_MS,
  };
}

async function stressOnce(name: string): Promise<number> {
  await using _ = await Vault.open({ ephemeral: true, name });
  const gate = new SharedArrayBuffer(4);
  const calls = OPERATIONS / WORKERS;
  const workers = Array.from({ length: WORKERS }, (_, worker) => {
    const workerData: StressTask = { vault: name, calls, worker, gate };
    return new Worker(workerFile, { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const done = Promise.all(workers.map((worker) => once(worker, 'message')));
  const begun = performance.now();
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  await done;
  const took = performance.now() - begun;
  for (const worker of workers) worker.postMessage('close');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  return took;
}

async function rotatingTogether(directory: string): Promise<readonly Figure[]> {
  const dir = join(directory, 'shared');
  const unlock = { keyFile: join(dir, 'key') };
  await using vault = await Vault.open({ dir, unlock });
  const { id } = await vault.create();
  const oursMs = await race(['vault', dir, id, String(ROTATIONS)]);
  const jsonMs = await race(['json', dir, '', String(ROTATIONS)]);
  const expected = PROCESSES * ROTATIONS;
  const versions = (await vault.versions(id)).length - 1;
  const { versions: jsonVersions } = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8'));
  const rate = (ms: number) => `${((1000 * expected) / ms).toFixed(0)} a second`;
  return [
    {
      what: `${PROCESSES} processes rotate one key, ${ROTATIONS} times each: lost`,
      measured: `${expected - versions} of ${expected}, ${rate(oursMs)}`,
      goal: '0',
      pass: versions === expected,
    },
    {
      what: 'the same number in a JSON file behind a lock file: lost',
      measured: `${expected - jsonVersions + 1} of ${expected}, ${rate(jsonMs)}; upstream as measured before: 65 % of 115`,
      goal: '',
    },
  ];
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

async function race(args: readonly string[]): Promise<number> {
  const children = Array.from({ length: PROCESSES }, (): Child => {
    const env = cleanEnvironment();
    const stdio: ['pipe', 'pipe', 'inherit'] = ['pipe', 'pipe', 'inherit'];
    return spawn(process.execPath, [workerFile, ...args], { env, stdio });
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const begun = performance.now();
  for (const child of children) child.stdin.write('go\n');
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const took = performance.now() - begun;
  for (const child of children) child.kill();
  return took;
}

async function backingUp(dir: string): Promise<Figure> {
  await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
  await Promise.all(Array.from({ length: KEYS }, () => vault.create()));
  const password = Buffer.from('a password for a bench');
  const params = { message: password, nonce: Buffer.alloc(32, 1), tagLength: 32 };
  const [bare, ours]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    let begun = performance.now();
    argon2Sync('argon2id', { ...params, memory: 65_536, passes: 3, parallelism: 4 });
    bare.push(performance.now() - begun);
    begun = performance.now();
    await vault.backup(password);
    ours.push(performance.now() - begun);
  }
  const [our, floor] = [median(ours), median(bare)];
  return {
    what: `${KEYS} keys are backed up`,
    measured: `${our.toFixed(0)} ms, ${floor.toFixed(0)} ms of which one Argon2id takes`,
    goal: `<= ${BACKUP_MS} ms and one Argon2id`,
    pass: our <= BACKUP_MS + floor,
  };
}
