import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Ports } from '../src/ports.ts';
import type { SaturationResult } from './fairness.ts';

const [subject, dir = '', path = '', runMs] = process.argv.slice(2);

let now = Date.now();
const clock = () => {
  now += 1000;
  return now;
};

const write = subject === 'holdfast' ? await holdfast() : busyTimeout();
console.log('ready');
await once(process.stdin, 'data');
process.stdin.destroy();

const result = { commits: 0, errors: 0, longestMs: 0 };
const end = Date.now() + Number(runMs);
while (Date.now() < end) {
  const from = performance.now();
  try {
    await write();
    result.commits += 1;
  } catch {
    result.errors += 1;
  }
  result.longestMs = Math.max(result.longestMs, performance.now() - from);
}
console.log(JSON.stringify(result satisfies SaturationResult));

async function holdfast(): Promise<() => Promise<unknown>> {
  const ports = await Ports.open({ dir, now: clock, lockTimeoutMs: 30_000 });
  return () => ports.reserve(path);
}

/** What most programs do: SQLite's own waiting, for as long as 30 s. */
function busyTimeout(): () => Promise<unknown> {
  const database = new DatabaseSync(join(dir, 'ports.db'), { timeout: 30_000 });
  database.exec('PRAGMA synchronous = FULL');
  const update = database.prepare('UPDATE reservations SET last_used_at = ? WHERE path = ?');
  return async () => update.run(Math.floor(clock() / 1000), path);
}
