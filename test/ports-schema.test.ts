import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { Ports, validateStore } from '../src/ports.ts';
import { freshDirectory, openPorts, storedRows, tamper } from './ports-store.ts';

const METADATA = (version: number | string) => `
  CREATE TABLE metadata (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
  INSERT INTO metadata VALUES ('schema_version', '${version}');`;

const TROP_2 = `${METADATA(2)}
  CREATE TABLE reservations (
    path TEXT NOT NULL, tag TEXT NOT NULL,
    port INTEGER NOT NULL UNIQUE CONSTRAINT valid_port CHECK (port BETWEEN 1 AND 65535),
    project TEXT, task TEXT,
    created_at INTEGER NOT NULL CONSTRAINT valid_created_at CHECK (created_at >= 0),
    last_used_at INTEGER NOT NULL CONSTRAINT valid_last_used_at CHECK (last_used_at >= 0),
    PRIMARY KEY (path, tag)) STRICT;
  CREATE INDEX idx_reservations_port ON reservations (port);
  CREATE INDEX idx_reservations_project ON reservations (project);
  CREATE INDEX idx_reservations_last_used ON reservations (last_used_at);`;

const TROP_1 = `${METADATA(1)}
  CREATE TABLE reservations (
    path TEXT NOT NULL, tag TEXT, port INTEGER NOT NULL UNIQUE, project TEXT, task TEXT,
    created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, PRIMARY KEY (path, tag));
  CREATE INDEX idx_reservations_port ON reservations (port);
  CREATE INDEX idx_reservations_project ON reservations (project);
  CREATE INDEX idx_reservations_last_used ON reservations (last_used_at);`;

const ROW_1 = "INSERT INTO reservations VALUES ('/a', NULL, 5000, 'p', NULL, 10, 20);";

function dataDirectory(t: TestContext, sql: string, file = 'ports.db'): string {
  const dir = freshDirectory(t);
  tamper(dir, sql, file);
  return dir;
}

function tables(dir: string): string[] {
  const database = new DatabaseSync(join(dir, 'ports.db'), { readOnly: true });
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  database.close();
  return rows.map(({ name }) => String(name)).sort();
}

describe('the database', () => {
  test('has the tables, indexes and checks that trop knows, and one table more', async (t) => {
    const { dir } = await openPorts(t);
    assert.deepEqual(tables(dir), ['leases', 'metadata', 'reservations']);
    assert.throws(() => tamper(dir, "INSERT INTO reservations VALUES('/a','',0,NULL,NULL,1,1)"), {
      message: /valid_port/,
    });
    assert.deepEqual(await validateStore(dir), []);
  });

  test('of trop’s second version is opened as it is and gets the leases', async (t) => {
    const dir = dataDirectory(
      t,
      `${TROP_2} INSERT INTO reservations VALUES ('/a', 'web', 5000, 'p', NULL, 10, 20);`,
    );
    const { ports } = await openPorts(t, { dir });
    assert.equal((await ports.get('/a', 'web'))?.createdAt, 10_000);
    assert.deepEqual(tables(dir), ['leases', 'metadata', 'reservations']);
    const { schema_version } = versions(dir);
    assert.equal(schema_version, '2');
  });

  test('of trop’s first version is migrated, with every row', async (t) => {
    const dir = dataDirectory(
      t,
      `${TROP_1} ${ROW_1} INSERT INTO reservations VALUES ('/a', 'web', 5001, NULL, 't', 1, 2);`,
    );
    const { ports } = await openPorts(t, { dir });
    assert.deepEqual(
      storedRows(dir).map((row) => Object.values(row)),
      [
        ['/a', '', 5000, 'p', null, 10, 20],
        ['/a', 'web', 5001, null, 't', 1, 2],
      ],
    );
    assert.equal((await ports.reserve('/b')).port, 5002);
    assert.equal(versions(dir).schema_version, '2');
    assert.deepEqual(await validateStore(dir), []);
  });

  test('of the first version with a key twice is refused and left as it is', async (t) => {
    const dir = dataDirectory(t, `${TROP_1} ${ROW_1} ${ROW_1.replace('5000', '5001')}`);
    await assert.rejects(Ports.open({ dir }), { code: 'CORRUPT', message: /duplicate logical/ });
    assert.equal(versions(dir).schema_version, '1');
  });

  for (const version of ['3', 'x']) {
    test(`of version ${version} is refused`, async (t) => {
      const dir = dataDirectory(t, METADATA(version));
      await assert.rejects(Ports.open({ dir }), {
        code: 'SCHEMA_TOO_NEW',
        message: `unsupported schema version: expected 2, found ${version}`,
      });
    });
  }

  test('is missed when it shall not be created', async (t) => {
    const dir = freshDirectory(t);
    await assert.rejects(Ports.open({ dir, create: false }), { code: 'STORE_MISSING' });
  });

  test('is emptied in place', async (t) => {
    const { ports, dir } = await openPorts(t);
    const { ports: other } = await openPorts(t, { dir });
    await ports.reserve('/a', { lease: true });
    await ports.reserve('/b');
    assert.equal(await other.clear(), 2);
    assert.deepEqual((await ports.list()).items, []);
    assert.equal((await ports.reserve('/c')).port, 5000);
  });
});

function versions(dir: string): Record<string, unknown> {
  const database = new DatabaseSync(join(dir, 'ports.db'), { readOnly: true });
  const rows = database.prepare('SELECT key, value FROM metadata').all();
  database.close();
  return Object.fromEntries(rows.map(({ key, value }) => [String(key), value]));
}

describe('importing from trop', () => {
  test('takes over what does not clash, and the configuration', async (t) => {
    const from = dataDirectory(
      t,
      `${TROP_2} INSERT INTO reservations VALUES
        ('/a', 'web', 5000, 'p', NULL, 10, 20), ('/b', '', 5001, NULL, NULL, 1, 2),
        ('/c', '', 5002, NULL, NULL, 1, 2);`,
      'trop.db',
    );
    writeFileSync(join(from, 'config.yaml'), 'ports: {min: 5000}\n');
    const { ports, dir } = await openPorts(t);
    await ports.reserve('/x', { port: 5001 });
    await ports.reserve('/c', { port: 6000 });
    const { config, conflicts, imported } = await ports.importTrop(from);
    assert.deepEqual(
      [imported.map(({ path }) => path), conflicts.map(({ path }) => path), config],
      [['/a'], ['/b', '/c'], true],
    );
    assert.deepEqual(storedRows(dir)[0], {
      path: '/a',
      tag: 'web',
      port: 5000,
      project: 'p',
      task: null,
      created_at: 10,
      last_used_at: 20,
    });
    assert.equal(readFileSync(join(dir, 'config.yaml'), 'utf8'), 'ports: {min: 5000}\n');
    writeFileSync(join(dir, 'config.yaml'), '# mine\n');
    const again = await ports.importTrop(from);
    assert.deepEqual([again.imported.length, again.conflicts.length, again.config], [0, 3, false]);
    assert.equal(readFileSync(join(dir, 'config.yaml'), 'utf8'), '# mine\n');
    assert.equal((await ports.reserve('/new')).port, 5002);
  });

  test('reads the first version too, and changes nothing in it', async (t) => {
    const from = dataDirectory(t, `${TROP_1} ${ROW_1}`, 'trop.db');
    const before = readFileSync(join(from, 'trop.db'));
    const { ports } = await openPorts(t);
    assert.equal((await ports.importTrop(from)).imported.length, 1);
    assert.equal((await ports.get('/a'))?.port, 5000);
    assert.deepEqual(readFileSync(join(from, 'trop.db')), before);
  });

  test('of a directory without a database is an error', async (t) => {
    const { ports } = await openPorts(t);
    await assert.rejects(ports.importTrop(freshDirectory(t)), { code: 'STORE_MISSING' });
  });
});

describe('validating', () => {
  const loose = TROP_2.replaceAll('UNIQUE ', '')
    .replace(',\n    PRIMARY KEY (path, tag)', '')
    .replace(' STRICT;\n  CREATE INDEX', ';\n  CREATE INDEX');
  const insert = (values: string) => `INSERT INTO reservations VALUES (${values});`;
  const cases: [string, string, RegExp][] = [
    [
      'a key twice',
      loose + insert("'/a','',5000,NULL,NULL,1,1") + insert("'/a','',5001,NULL,NULL,1,1"),
      /duplicate logical/,
    ],
    [
      'a port twice',
      loose + insert("'/a','',5000,NULL,NULL,1,1") + insert("'/b','',5000,NULL,NULL,1,1"),
      /same port/,
    ],
    ['a blob', loose + insert("x'00ff','',5000,NULL,NULL,1,1"), /field=path/],
    ['a fraction', loose + insert("'/a','',5000,NULL,NULL,1.5,1"), /field=created_at/],
    ['a padded tag', TROP_2 + insert("'/a',' x ',5000,NULL,NULL,1,1"), /field=tag/],
    ['a huge number', TROP_2 + insert("'/a','',5000,NULL,NULL,1,1 << 62"), /field=last_used_at/],
    ['a missing index', `${TROP_2} DROP INDEX idx_reservations_port;`, /idx_reservations_port/],
    ['no tables', 'CREATE TABLE other (a)', /tables of version 2 are missing/],
  ];
  for (const [what, sql, expected] of cases) {
    test(`finds ${what}`, async (t) => {
      const dir = dataDirectory(t, sql);
      const before = readFileSync(join(dir, 'ports.db'));
      const [finding] = await validateStore(dir);
      assert.match(finding?.message ?? '', expected);
      assert.match(finding?.message ?? '', /^database corruption detected: .*trop did not modify/s);
      assert.deepEqual(readFileSync(join(dir, 'ports.db')), before);
    });
  }

  test('finds that there is no database, and creates none', async (t) => {
    const dir = freshDirectory(t);
    mkdirSync(join(dir, 'sub'));
    const [finding] = await validateStore(join(dir, 'sub'));
    assert.match(finding?.message ?? '', /does not contain ports\.db/);
  });

  test('refuses a file that is no database', async (t) => {
    const dir = freshDirectory(t);
    writeFileSync(join(dir, 'ports.db'), 'not a sqlite database'.repeat(100));
    await assert.rejects(validateStore(dir), { code: 'NOT_A_STORE' });
  });
});
