import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspectStore } from '../../src/doctor.ts';
import { monotonicMs } from '../../src/engine/clock.ts';
import { WriterLock } from '../../src/engine/lock.ts';
import {
  type Child,
  directoryOf,
  getCell,
  increment,
  openCells,
  setCell,
  startWorker,
  warmCell,
} from './store.ts';

/** Starts every child at one moment and answers the last line that each has printed. */
async function together<T>(children: readonly Child[]): Promise<T[]> {
  await Promise.all(children.map((child) => child.printed('ready')));
  for (const child of children) child.process.stdin?.write('go\n');
  const ends = await Promise.all(children.map((child) => child.exited));
  return ends.map(({ code, out }) => {
    assert.equal(code, 0, out);
    return JSON.parse(out.trim().split('\n').at(-1) ?? '') as T;
  });
}

for (const durability of ['power', 'process']) {
  test(`eight processes that never pause take turns and lose no update, durability ${durability}`, async (t) => {
    const { engine, file } = await openCells(t);
    const children = Array.from({ length: 8 }, () =>
      startWorker(t, 'count', file, '1500', durability),
    );
    const results = await together<{ commits: number; longestMs: number }>(children);
    const commits = results.map((result) => result.commits);
    t.diagnostic(`commits ${commits.join(' ')}`);
    assert.equal(
      await engine.read(() => getCell(1)),
      commits.reduce((sum, count) => sum + count, 0),
    );
    // How even it is, is a figure for the bench; here nobody may be left out.
    assert.ok(Math.min(...commits) > 0, `left out: ${commits.join(' ')}`);
  });
}

test('sixteen processes that open a missing path at once make one store and no error', async (t) => {
  for (let round = 0; round < 2; round++) {
    const file = join(directoryOf(t), 'data', 'cells.db');
    const children = Array.from({ length: 16 }, () => startWorker(t, 'open', file));
    const counts = await together<number>(children);
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 16 }, (_, index) => index + 1),
    );
  }
});

test('sixteen processes that find an older file migrate it once', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(() => setCell(1, 100));
  await engine.close();
  const children = Array.from({ length: 16 }, () => startWorker(t, 'open', file, '2'));
  const counts = await together<number>(children);
  assert.equal(Math.max(...counts), 116);
});

test('when a lock holder is killed, those who wait go on', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(increment);
  const holder = startWorker(t, 'hold', file);
  await holder.printed('held');
  const waiting = Array.from({ length: 5 }, () => engine.write(increment));
  holder.process.kill('SIGKILL');
  assert.deepEqual(await Promise.all(waiting), [2, 3, 4, 5, 6]);
});

test('doctor names the process that holds the writer lock', async (t) => {
  const { file } = await openCells(t);
  const holder = startWorker(t, 'hold', file);
  await holder.printed('held');
  const report = inspectStore(file);
  assert.equal(report.writer?.pid, holder.process.pid);
  assert.equal(report.integrity, 'ok');
  holder.process.kill('SIGKILL');
  await holder.exited;
  assert.equal(inspectStore(file).writer, undefined);
});

for (const ending of ['by itself', 'exit']) {
  test(`behind a stopped holder a wait names it, and the process can still end (${ending})`, async (t) => {
    const { file } = await openCells(t);
    const holder = startWorker(t, 'hold', file);
    await holder.printed('held');
    holder.process.kill('SIGSTOP');
    // From now on the lock is visibly stuck.
    const stuckFrom = monotonicMs();
    while (monotonicMs() - stuckFrom < 150) await new Promise((r) => setTimeout(r, 10));
    const { code, out } = await startWorker(t, 'wait', file, ending).exited;
    assert.equal(code, ending === 'exit' ? 7 : 0);
    assert.match(out, new RegExp(`held by process ${holder.process.pid} `));
    holder.process.kill('SIGCONT');
  });
}

test('a wait that was given up does not keep the lock afterwards', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(increment);
  const other = new WriterLock(file.replace(/\.db$/, '.lock'));
  t.after(() => other.close());
  assert.ok(other.tryAcquire());
  await assert.rejects(engine.write(increment, { lockTimeoutMs: 30 }), { code: 'LOCK_TIMEOUT' });
  other.release();
  // The kernel may grant the abandoned wait now; nobody may be locked out by that.
  assert.ok(await other.acquire(monotonicMs() + 5000));
  other.release();
  assert.equal(await engine.write(increment), 2);
});

test('reads through the cache are linearizable while processes write', async (t) => {
  const { file } = await openCells(t);
  interface Stamp {
    readonly value: number;
    readonly invokedAt: number;
    readonly returnedAt: number;
  }
  const writers = [0, 1].map(() => startWorker(t, 'writeRegister', file, '1500'));
  const readers = [0, 1].map(() => startWorker(t, 'readRegister', file, '1500'));
  const results = await together<{ writes?: Stamp[]; reads?: Stamp[]; warmReads?: number }>([
    ...writers,
    ...readers,
  ]);
  const writes = results.flatMap((result) => result.writes ?? []);
  const reads = results.flatMap((result) => result.reads ?? []);
  const warmReads = results.reduce((sum, result) => sum + (result.warmReads ?? 0), 0);
  t.diagnostic(`${writes.length} writes, ${reads.length} reads, ${warmReads} of them warm`);
  assert.ok(warmReads > 0 && writes.length > 50);
  // Values only grow, so an order exists exactly if no operation that began after another had
  // returned saw, or made, less than that one.
  const byReturn = [...writes, ...reads].sort((a, b) => a.returnedAt - b.returnedAt);
  const byInvoke = [...writes, ...reads].sort((a, b) => a.invokedAt - b.invokedAt);
  const invokedBy = new Map(writes.map((write) => [write.value, write.invokedAt]));
  let known = 0;
  let index = 0;
  for (const operation of byInvoke) {
    for (; (byReturn[index]?.returnedAt ?? Infinity) < operation.invokedAt; index++) {
      known = Math.max(known, byReturn[index]?.value ?? 0);
    }
    assert.ok(operation.value >= known, `${operation.value} was seen after ${known} was known`);
  }
  for (const read of reads) {
    assert.ok((invokedBy.get(read.value) ?? 0) < read.returnedAt, `${read.value} from the future`);
  }
});

test('after a writer died with the epoch odd, reads are right and the next write repairs it', async (t) => {
  const { engine, file } = await openCells(t);
  const warm = warmCell();
  await engine.read(() => warm.get());
  await startWorker(t, 'dieInCommit', file).exited;
  assert.equal(inspectStore(file).epoch.state, 'interrupted');
  assert.equal(engine.peek(warm), undefined);
  assert.equal((await engine.read(() => warm.get())).value, 1);
  await engine.write(increment);
  assert.equal(inspectStore(file).epoch.state, 'settled');
  assert.equal((await engine.read(() => warm.get())).value, 2);
  assert.equal(engine.peek(warm)?.value, 2);
});

test('the log stays bounded beside a slow reader, and is truncated at rest', async (t) => {
  const { engine, file } = await openCells(t);
  await Promise.all(Array.from({ length: 500 }, (_, id) => engine.write(() => setCell(id, id))));
  const reader = startWorker(t, 'readSlowly', file);
  await reader.printed('reading');
  let longest = 0;
  for (let batch = 0; batch < 200; batch++) {
    const writes = Array.from({ length: 100 }, (_, id) => engine.write(() => setCell(id, batch)));
    await Promise.all(writes);
    longest = Math.max(longest, statSync(`${file}-wal`).size);
  }
  t.diagnostic(`the log was at most ${(longest / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(longest < 64 * 2 ** 20, `the log grew to ${longest} bytes`);
  reader.process.kill('SIGKILL');
  await reader.exited;
  const deadline = monotonicMs() + 20_000;
  while (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) {
    assert.ok(monotonicMs() < deadline, 'the log was not truncated at rest');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
