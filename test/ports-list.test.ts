import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshDirectory, openPorts, tamper } from './ports-store.ts';

describe('a list', () => {
  test('is ordered by path and tag in the order of bytes', async (t) => {
    const { ports } = await openPorts(t);
    // UTF-16 would put the last two the other way round.
    const paths = ['/B', '/a', '/a/b', '/a0', '/ä', '/\uff5e', '/\u{1f600}'];
    for (const path of paths.toReversed()) await ports.reserve(path, { tag: 'x' });
    await ports.reserve('/a', { tag: 'W' });
    await ports.reserve('/a');
    const { items, cursor } = await ports.list();
    assert.equal(cursor, undefined);
    assert.deepEqual(
      items.map(({ path, tag }) => `${path} ${tag ?? ''}`),
      ['/B x', '/a ', '/a W', '/a x', '/a/b x', '/a0 x', '/ä x', '/\uff5e x', '/\u{1f600} x'],
    );
  });

  test('is answered in pages that end exactly at the end', async (t) => {
    const { ports } = await openPorts(t);
    await Promise.all(Array.from({ length: 6 }, (_, i) => ports.reserve(`/p/${i}`)));
    const first = await ports.list({ limit: 3 });
    const second = await ports.list({ limit: 3, cursor: first.cursor });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ path }) => path),
      ['/p/0', '/p/1', '/p/2', '/p/3', '/p/4', '/p/5'],
    );
    const rest = await ports.list({ limit: 3, cursor: second.cursor });
    assert.deepEqual(rest, { items: [], cursor: undefined });
    assert.equal((await Array.fromAsync(ports.all({ limit: 4 }))).length, 6);
    await assert.rejects(ports.list({ limit: 0 }), RangeError);
    await assert.rejects(ports.list({ cursor: '!' }), TypeError);
  });

  test('goes on after a row that was released between two pages', async (t) => {
    const { ports } = await openPorts(t);
    for (const path of ['/a', '/b', '/c']) await ports.reserve(path);
    const { cursor } = await ports.list({ limit: 2 });
    await ports.release('/b');
    assert.deepEqual(
      (await ports.list({ cursor })).items.map(({ path }) => path),
      ['/c'],
    );
  });

  test('is filtered by project, tag and both', async (t) => {
    const { ports } = await openPorts(t);
    await ports.reserve('/a', { tag: 'web', project: 'p' });
    await ports.reserve('/a', { tag: 'api', project: 'p' });
    await ports.reserve('/b', { tag: 'api', project: 'q' });
    const count = async (filter: object) => (await ports.list(filter)).items.length;
    assert.equal(await count({ project: 'p' }), 2);
    assert.equal(await count({ tag: 'api' }), 2);
    assert.equal(await count({ project: 'p', tag: 'api' }), 1);
    assert.equal(await count({ project: 'none' }), 0);
    assert.deepEqual(await ports.projects(), ['p', 'q']);
  });

  test('is filtered by directory, by whole parts and through links', async (t) => {
    const root = freshDirectory(t);
    mkdirSync(join(root, 'real/sub'), { recursive: true });
    symlinkSync('real', join(root, 'link'));
    const { ports } = await openPorts(t);
    for (const name of ['real', 'real/sub', 'link/sub', 'realm', 'real/gone']) {
      await ports.reserve(join(root, name));
    }
    const found = async (name: string, limit?: number) =>
      (await Array.fromAsync(ports.all({ path: join(root, name), limit }))).map(({ path }) =>
        path.slice(root.length + 1),
      );
    const all = ['link/sub', 'real', 'real/gone', 'real/sub'];
    assert.deepEqual(await found('real'), all);
    assert.deepEqual(await found('link'), all);
    assert.deepEqual(await found('link', 1), all);
    assert.deepEqual(await found('real/sub'), ['link/sub', 'real/sub']);
  });
});

test('one reservation is found by its key and by its port', async (t) => {
  const { ports } = await openPorts(t);
  const { outcome: _, ...made } = await ports.reserve('/a', { tag: 'web', task: 't' });
  assert.deepEqual({ ...(await ports.get('/a', ' web ')), lease: undefined }, made);
  assert.deepEqual({ ...(await ports.at(made.port)), lease: undefined }, made);
  assert.equal(await ports.get('/a'), undefined);
  assert.equal(await ports.at(5001), undefined);
});

describe('a corrupt row', () => {
  const key = 'key=path="/a", tag="web"';
  for (const [sql, field] of [
    ["port = 0 WHERE tag = 'web'", 'port'],
    ["created_at = -5 WHERE tag = 'web'", 'created_at'],
    ["last_used_at = 9223372036854775807 WHERE tag = 'web'", 'last_used_at'],
    ["created_at = -9223372036854775807 - 1 WHERE tag = 'web'", 'created_at'],
    ["project = ' ' WHERE tag = 'web'", 'project'],
  ] as const) {
    test(`(${sql}) is reported by every read, and left as it is`, async (t) => {
      let now = Date.now();
      const { ports, dir } = await openPorts(t, { now: () => (now += 1000) });
      await ports.reserve('/a', { tag: 'web' });
      tamper(dir, `PRAGMA ignore_check_constraints = ON; UPDATE reservations SET ${sql}`);
      const corrupt = (error: Error) =>
        error.message.startsWith(
          `database corruption detected: table=reservations, field=${field}, ${key}: `,
        );
      await assert.rejects(ports.list(), corrupt);
      await assert.rejects(ports.get('/a', 'web'), corrupt);
      await assert.rejects(ports.release('/a'), corrupt);
      await assert.rejects(ports.reserve('/a', { tag: 'web', project: 'x' }), corrupt);
      await assert.rejects(ports.reserve('/a', { tag: 'web' }), corrupt);
      // Nobody else is in its way.
      assert.equal(typeof (await ports.reserve('/b')).port, 'number');
    });
  }
});

describe('releasing', () => {
  test('ends every tag, one tag, or the one without, here or also below', async (t) => {
    const { ports } = await openPorts(t);
    const fill = async () => {
      await ports.clear();
      for (const path of ['/a', '/a/b', '/ab']) {
        for (const tag of [undefined, 'web', 'api']) await ports.reserve(path, { tag });
      }
    };
    const left = async (options: object, path = '/a') => {
      await fill();
      const { released } = await ports.release(path, options);
      assert.equal(released.length, 9 - (await ports.list()).items.length);
      return released.map((row) => `${row.path}#${row.tag ?? ''}`);
    };
    assert.deepEqual(await left({}), ['/a#', '/a#api', '/a#web']);
    assert.deepEqual(await left({ tag: 'web' }), ['/a#web']);
    assert.deepEqual(await left({ untaggedOnly: true }), ['/a#']);
    assert.deepEqual(await left({ tag: 'web', recursive: true }), ['/a#web', '/a/b#web']);
    assert.deepEqual(await left({ untaggedOnly: true, recursive: true }), ['/a#', '/a/b#']);
    assert.equal((await left({ recursive: true })).length, 6);
    assert.equal((await left({ recursive: true }, '/')).length, 9);
    assert.deepEqual(await left({ tag: 'none' }), []);
    await fill();
    assert.equal((await ports.release('/a', { dryRun: true })).released.length, 3);
    assert.equal((await ports.list()).items.length, 9);
    await assert.rejects(ports.release('/a', { tag: 'web', untaggedOnly: true }), TypeError);
  });

  test('frees the port for the next one', async (t) => {
    const { ports } = await openPorts(t);
    for (let round = 0; round < 50; round++) {
      assert.equal((await ports.reserve('/a')).port, 5000);
      await ports.release('/a');
    }
    assert.deepEqual((await ports.list()).items, []);
  });
});
