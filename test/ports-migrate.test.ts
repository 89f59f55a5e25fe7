import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ports } from '../src/ports.ts';
import { openPorts, storedRows } from './ports-store.ts';

async function keys(ports: Ports): Promise<Record<string, number>> {
  const { items } = await ports.list();
  return Object.fromEntries(items.map(({ path, tag, port }) => [`${path}#${tag ?? ''}`, port]));
}

describe('migrating', () => {
  test('moves every tag of one directory, with ports, metadata and times', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/a', { project: 'p' });
    await ports.reserve('/a', { tag: 'web' });
    await ports.reserve('/a/below');
    await ports.reserve('/ab');
    const before = storedRows(dir);
    now = 2_000_000;
    const dry = await ports.migrate('/a', '/z', { dryRun: true });
    assert.equal(dry.moved.length, 2);
    assert.deepEqual(storedRows(dir), before);
    const done = await ports.migrate('/a/', '/z');
    assert.deepEqual(done, dry);
    const after = storedRows(dir);
    assert.deepEqual(
      after,
      before
        .map((row) => (row.path === '/a' ? { ...row, path: '/z' } : row))
        .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.tag < b.tag ? -1 : 1)),
    );
    assert.equal((await ports.reserve('/new')).port, 5004);
  });

  test('moves what is below when recursive, by whole parts', async (t) => {
    const { ports } = await openPorts(t);
    for (const path of ['/a', '/a/b', '/a/b/c', '/ab', '/a0']) await ports.reserve(path);
    await ports.migrate('/a', '/z/y', { recursive: true });
    assert.deepEqual(await keys(ports), {
      '/a0#': 5004,
      '/ab#': 5003,
      '/z/y#': 5000,
      '/z/y/b#': 5001,
      '/z/y/b/c#': 5002,
    });
  });

  test('may move a directory into itself, and out again, and to the root', async (t) => {
    const { ports } = await openPorts(t);
    for (const path of ['/a', '/a/a']) await ports.reserve(path);
    await ports.migrate('/a', '/a/a', { recursive: true, force: true });
    assert.deepEqual(await keys(ports), { '/a/a#': 5000, '/a/a/a#': 5001 });
    await ports.migrate('/a/a', '/', { recursive: true });
    assert.deepEqual(await keys(ports), { '/#': 5000, '/a#': 5001 });
    await ports.migrate('/', '/r', { recursive: true });
    assert.deepEqual(await keys(ports), { '/r#': 5000, '/r/a#': 5001 });
  });

  test('is a conflict where the destination is reserved, unless forced', async (t) => {
    const { ports, dir } = await openPorts(t);
    for (const path of ['/a/1', '/a/2', '/b/1', '/b/2', '/b/3']) await ports.reserve(path);
    const before = storedRows(dir);
    const conflict = {
      code: 'CONFLICT',
      message:
        'reservation conflict: Found 2 conflicting reservation(s) at destination. Use --force to overwrite.',
    };
    for (const dryRun of [false, true]) {
      await assert.rejects(ports.migrate('/a', '/b', { recursive: true, dryRun }), conflict);
    }
    assert.deepEqual(storedRows(dir), before);
    const { replaced } = await ports.migrate('/a', '/b', { recursive: true, force: true });
    assert.deepEqual(
      replaced.map(({ port }) => port),
      [5002, 5003],
    );
    assert.deepEqual(await keys(ports), { '/b/1#': 5000, '/b/2#': 5001, '/b/3#': 5004 });
    assert.equal((await ports.reserve('/new')).port, 5002);
  });

  test('of nothing is an error, but for a recursive one', async (t) => {
    const { ports } = await openPorts(t);
    await ports.reserve('/a/b');
    await assert.rejects(ports.migrate('/a', '/z'), {
      code: 'NOT_FOUND',
      message: 'not found: reservation at /a',
    });
    assert.deepEqual(await ports.migrate('/x', '/z', { recursive: true }), {
      moved: [],
      replaced: [],
    });
  });

  test('against releases and reservations at once loses nothing and brings nothing back', async (t) => {
    const { ports, dir } = await openPorts(t);
    const { ports: other } = await openPorts(t, { dir });
    for (let round = 0; round < 20; round++) {
      await ports.clear();
      await Promise.all(['/a/1', '/a/2', '/a/3'].map((path) => ports.reserve(path)));
      const [, released, taken] = await Promise.all([
        ports.migrate('/a', '/b', { recursive: true }).catch(() => undefined),
        other.release('/a/2'),
        other.reserve('/b/3'),
      ]);
      const found = await keys(ports);
      const isGone = released.released.length === 1;
      assert.equal('/a/2#' in found || '/b/2#' in found, !isGone);
      assert.equal(found['/b/3#'], taken.port);
      const values = Object.values(found);
      assert.equal(new Set(values).size, values.length);
    }
  });
});
