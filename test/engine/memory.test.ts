import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { cells, directoryOf, getCell, openCells, setCell } from './store.ts';

const THREADS = 4;
const INCREMENTS = 150;

test('threads that share a database in memory lose nothing and see nothing old', async (t) => {
  const file = join(directoryOf(t), 'cells.lock');
  const { engine } = await openCells(t, { file, inMemory: true });
  const url = new URL('memory-thread.ts', import.meta.url);
  const threads = Array.from(
    { length: THREADS },
    () => new Worker(url, { workerData: { file, count: INCREMENTS } }),
  );
  const answers = await Promise.all(threads.map((thread) => once(thread, 'message')));
  for (const [answer] of answers) assert.deepEqual(answer, { isStale: false });
  assert.equal(await engine.read(() => getCell(1)), THREADS * INCREMENTS);
  assert.deepEqual(readdirSync(join(file, '..')), ['cells.lock']);
});

test('a database in memory is gone when the last one closes it', async (t) => {
  const file = join(directoryOf(t), 'cells.lock');
  const options = { file, schema: cells, inMemory: true };
  const first = await openSqlite(options);
  await first.write(() => setCell(1, 7));
  const second = await openSqlite(options);
  await first.close();
  assert.equal(await second.read(() => getCell(1)), 7);
  await second.close();
  await using third = await openSqlite(options);
  assert.equal(await third.read(() => getCell(1)), 0);
});

test('databases in memory with other lock files are others', async (t) => {
  const directory = directoryOf(t);
  const { engine: one } = await openCells(t, { file: join(directory, 'one'), inMemory: true });
  const { engine: two } = await openCells(t, { file: join(directory, 'two'), inMemory: true });
  await one.write(() => setCell(1, 1));
  assert.equal(await two.read(() => getCell(1)), 0);
});
