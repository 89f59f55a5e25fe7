import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Ports } from '../src/ports.ts';
import { atMost, type Bench, type Figure, median, microseconds } from './figure.ts';
import { inWorkspace, projects } from './workspace.ts';

const ROUNDS = 10;
const CALLS = { power: 200, process: 1000 };

/**
 * Reserving a key that exists, beside the same UPDATE with nothing around it. Both move a clock at
 * each call, so that a page is really written. Rounds alternate, so that a busy moment hits both.
 */
export const reserveExisting: Bench = {
  name: 'reserve an existing key, one by one',
  run: async () => [await compare('power'), await compare('process')],
};

async function compare(durability: 'power' | 'process'): Promise<Figure> {
  return await inWorkspace(async (directory) => {
    let now = Date.now();
    const clock = () => {
      now += 1000;
      return now;
    };
    const [path = ''] = projects(directory, 1);
    await using ports = await Ports.open({ dir: join(directory, 'data'), durability, now: clock });
    await ports.reserve(path, { tag: 'web' });
    const bare = bareStore(join(directory, 'bare.db'), path, durability);
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (let call = 0; call < CALLS[durability]; call++) {
        const from = performance.now();
        await ports.reserve(path, { tag: 'web' });
        ours.push(performance.now() - from);
      }
      for (let call = 0; call < CALLS[durability]; call++) {
        const seconds = Math.floor(clock() / 1000);
        const from = performance.now();
        bare.update.run(seconds, path, 'web');
        floor.push(performance.now() - from);
      }
    }
    bare.database.close();
    const ratio = median(ours) / median(floor);
    const detail = `p50 ${microseconds(median(ours))}, bare UPDATE ${microseconds(median(floor))}`;
    return atMost(`durability ${durability}: p50 against the bare UPDATE`, ratio, 2, detail);
  });
}

function bareStore(file: string, path: string, durability: 'power' | 'process') {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'};
    CREATE TABLE reservations (path TEXT NOT NULL, tag TEXT NOT NULL, port INTEGER NOT NULL UNIQUE,
      project TEXT, task TEXT, created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL,
      PRIMARY KEY (path, tag)) STRICT;
    CREATE INDEX idx_reservations_port ON reservations (port);
    CREATE INDEX idx_reservations_project ON reservations (project);
    CREATE INDEX idx_reservations_last_used ON reservations (last_used_at);`);
  database
    .prepare('INSERT INTO reservations VALUES (?, ?, 5000, NULL, NULL, 1, 1)')
    .run(path, 'web');
  const update = database.prepare(
    'UPDATE reservations SET last_used_at = ? WHERE path = ? AND tag = ?',
  );
  return { database, update };
}
