import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { torture } from '../../src/torture/declare/declaration.ts';

const keys = ['k0', 'k1'];

/** Two registers in SQLite. */
export const soundRegister = torture({
  name: 'sound register',
  store: {
    create: ({ dir }) => {
      const file = join(dir, 'register.db');
      using database = new DatabaseSync(file);
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE register (key PRIMARY KEY, value)');
      return file;
    },
    open: (file) => new DatabaseSync(file, { timeout: 10_000 }),
    close: (database) => database.close(),
  },
  model: { init: 'nothing', partition: ({ key }: { key: string }) => key },
  ops: (op) => ({
    get: op({
      in: (draw) => ({ key: draw.pick(keys), value: '' }),
      run: (database, { key }) => {
        const row = database.prepare('SELECT value FROM register WHERE key = ?').get(key);
        return String(row?.value ?? 'nothing');
      },
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
    set: op({
      in: (draw) => ({
        key: draw.pick(keys),
        value: `c${draw.client}-r${draw.round}-${draw.nth}`,
      }),
      run: (database, { key, value }) => {
        database.prepare('REPLACE INTO register VALUES (?, ?)').run(key, value);
      },
      spec: (_, { value }) => value,
    }),
  }),
  finalReads: keys.map((key) => ({ f: 'get' as const, input: { key, value: '' } })),
  expect: ['linearizable'],
});
