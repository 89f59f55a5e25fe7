import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { cells, getCell, increment, incrementWith, warmCell } from './store.ts';

// Increments the first cell of a database in memory, and looks at it between.
const { file, count } = workerData as { readonly file: string; readonly count: number };
await using engine = await openSqlite({
  ...{ file, schema: cells, inMemory: true, durability: 'process', lockTimeoutMs: 30_000 },
});
const warm = warmCell();
let last = 0;
let isStale = false;
const look = (value: number) => {
  isStale ||= value < last;
  last = Math.max(last, value);
};
for (let done = 0; done < count; done += 1) {
  const body = done % 2 === 0 ? increment : () => incrementWith(warm);
  look(await engine.write(body));
  look(engine.peek(warm)?.value ?? (await engine.read(() => warm.get())).value);
  look((await engine.read(() => getCell(1))) ?? 0);
}
parentPort?.postMessage({ isStale });
