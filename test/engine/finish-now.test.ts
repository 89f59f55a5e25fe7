import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { monotonicMs } from '../../src/engine/clock.ts';
import { WriterLock } from '../../src/engine/lock.ts';
import { one } from '../../src/engine/steps.ts';
import { getCell, increment, openCells, startWorker } from './store.ts';

/** The writer lock of a store, taken by this process. */
function hold(t: TestContext, file: string): WriterLock {
  const lock = new WriterLock(file.replace(/\.db$/, '.lock'));
  t.after(() => lock.close());
  assert.ok(lock.tryAcquire());
  return lock;
}

/** Says that the lock was taken just now: a process waits in the kernel only then. */
function pretendToMove(file: string): void {
  const since = Buffer.alloc(8);
  since.writeDoubleLE(Date.now());
  const fd = openSync(file, 'r+');
  writeSync(fd, since, 0, 8, 8);
  closeSync(fd);
}

function kernelWaits(file: string): number {
  const waits = new RegExp(`-> OFDLCK .*:${statSync(file).ino} `, 'g');
  return readFileSync('/proc/locks', 'utf8').match(waits)?.length ?? 0;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('writes that nobody awaited are there after process.exit', async (t) => {
  const { engine, file } = await openCells(t);
  const { code } = await startWorker(t, 'exitAtOnce', file, '3000', '5000').exited;
  assert.equal(code, 3);
  const found = await engine.read(() =>
    one<{ n: number }>('SELECT count(*) AS n FROM cells WHERE id = value'),
  );
  assert.equal(found?.n, 3000);
});

test('at process.exit a write waits for the lock as long as it said, also when it waits in the kernel already', async (t) => {
  const { engine, file } = await openCells(t);
  const lock = hold(t, file);
  const keptMoving = setInterval(() => pretendToMove(`${lock}`), 20);
  t.after(() => clearInterval(keptMoving));
  const child = startWorker(t, 'exitAtOnce', file, '1', '20000');
  if (process.platform === 'linux') await until(() => kernelWaits(`${lock}`) === 1);
  await child.printed('ready');
  child.process.stdin?.write('go\n');
  await child.printed('exiting');
  lock.release();
  assert.equal((await child.exited).code, 3);
  assert.equal(await engine.read(() => getCell(1)), 1);
  assert.equal(await engine.write(increment), 2);
});

for (const where of ['the same thread', 'another thread']) {
  test(`a process that exits while it waits for the lock twice, also in ${where}, keeps it from nobody`, {
    skip: process.platform !== 'linux' && 'needs /proc/locks',
  }, async (t) => {
    const { engine, file } = await openCells(t);
    const lock = hold(t, file);
    const keptMoving = setInterval(() => pretendToMove(`${lock}`), 20);
    t.after(() => clearInterval(keptMoving));
    const child = startWorker(t, 'exitWaiting', file, where === 'another thread' ? 'thread' : '');
    await child.printed('ready');
    await until(() => kernelWaits(`${lock}`) === 2);
    child.process.stdin?.write('go\n');
    clearInterval(keptMoving);
    lock.release();
    assert.equal((await child.exited).code, 6);
    await engine.write(increment);
  });
}

test('at process.exit a write is given up when the lock is not free in time', async (t) => {
  const { engine, file } = await openCells(t);
  const lock = hold(t, file);
  const heldFrom = monotonicMs();
  // By then others see that it does not move, and do not wait in the kernel.
  await until(() => monotonicMs() - heldFrom > 150);
  const child = startWorker(t, 'exitAtOnce', file, '2', '30');
  assert.equal((await child.exited).code, 4);
  lock.release();
  assert.equal(await engine.read(() => getCell(1)), 0);
});

test('a body that ends the process is rolled back', async (t) => {
  const { engine, file } = await openCells(t);
  const { code, out } = await startWorker(t, 'exitInBody', file).exited;
  assert.deepEqual([code, out], [5, 'false\n']);
  assert.equal(await engine.read(() => getCell(1)), 0);
  assert.equal(await engine.write(increment), 1);
});
