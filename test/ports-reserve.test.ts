import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { defaultPolicy } from '../src/ports.ts';
import { freePort } from './free-port.ts';
import { freshDirectory, openPorts, storedRows, tamper, unprobed } from './ports-store.ts';

const probed = { occupancy: defaultPolicy.occupancy };

async function listen(t: TestContext, port: number): Promise<void> {
  const server = createServer().listen({ port, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
}

describe('a new reservation', () => {
  test('gets the lowest port that is neither reserved nor excluded', async (t) => {
    const { ports } = await openPorts(t, { policy: { excluded: [{ min: 5001, max: 5002 }] } });
    const got = [];
    for (const path of ['/a', '/b', '/c']) got.push((await ports.reserve(path)).port);
    assert.deepEqual(got, [5000, 5003, 5004]);
    await ports.release('/b');
    assert.equal((await ports.reserve('/d')).port, 5003);
  });

  test('never gets a port that was released and is still listened on', async (t) => {
    const { ports } = await openPorts(t, { policy: probed });
    const { port } = await ports.reserve('/a');
    const server = createServer().listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    await ports.release('/a');
    assert.notEqual((await ports.reserve('/b')).port, port);
    server.close();
    await once(server, 'close');
    const again = await ports.reserve('/c', { port });
    assert.equal(again.port, port, 'and does, when it is free again');
  });

  test('is another one for each tag, and none for no tag', async (t) => {
    const { ports } = await openPorts(t);
    const tags = [undefined, 'web', ' web ', 'api'];
    const got = [];
    for (const tag of tags) got.push((await ports.reserve('/a', { tag })).port);
    assert.deepEqual(got, [5000, 5001, 5001, 5002]);
  });

  test('gets the preferred port, or silently the lowest one if that cannot be had', async (t) => {
    const { ports } = await openPorts(t, { policy: { excluded: [{ min: 5100, max: 5100 }] } });
    assert.equal((await ports.reserve('/a', { port: 5050 })).port, 5050);
    assert.equal((await ports.reserve('/b', { port: 5050 })).port, 5000);
    assert.equal((await ports.reserve('/c', { port: 5100 })).port, 5001);
    assert.equal((await ports.reserve('/d', { port: 8080 })).port, 5002);
    assert.equal((await ports.reserve('/e', { port: 8080, ignoreExclusions: true })).port, 8080);
    assert.equal((await ports.reserve('/f', { port: 5100, force: true })).port, 5100);
  });

  test('takes what was inferred where nothing is said, and drops what is not valid', async (t) => {
    const { ports } = await openPorts(t);
    const inferred = { inferProject: 'guess', inferTask: ' ' };
    const got = await ports.reserve('/a', inferred);
    assert.deepEqual([got.project, got.task], ['guess', undefined]);
    const cleared = await ports.reserve('/b', { ...inferred, project: null, task: 'said' });
    assert.deepEqual([cleared.project, cleared.task], [undefined, 'said']);
    const again = await ports.reserve('/b', inferred);
    assert.equal(again.project, undefined);
  });

  test('is refused for a wrong argument before anything is written', async (t) => {
    const { ports, dir } = await openPorts(t);
    await assert.rejects(ports.reserve('/a', { port: 0 }), RangeError);
    await assert.rejects(ports.reserve('/a', { port: 65_536 }), RangeError);
    await assert.rejects(ports.reserve('/a', { policy: { min: 9, max: 8 } }), RangeError);
    await assert.rejects(ports.reserve('/a', { tag: ' ' }), { code: 'CONFIG_INVALID' });
    await assert.rejects(ports.reserve('/a', { project: '' }), { code: 'CONFIG_INVALID' });
    await assert.rejects(ports.reserve('/../a'), { code: 'PATH_INVALID' });
    assert.deepEqual(storedRows(dir), []);
  });
});

describe('a key that has a port', () => {
  test('keeps it, whatever port is preferred, and is marked as used', async (t) => {
    let now = 1_000_500;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/a', { tag: 'web', project: 'p' });
    now = 5_000_999;
    const again = await ports.reserve('/a', { tag: 'web', port: 5005 });
    assert.equal(again.outcome, 'kept');
    assert.deepEqual(storedRows(dir), [
      {
        path: '/a',
        tag: 'web',
        port: 5000,
        project: 'p',
        task: null,
        created_at: 1000,
        last_used_at: 5000,
      },
    ]);
  });

  test('is never used before it was created, when the clock goes back', async (t) => {
    let now = 9_000_000;
    const { ports } = await openPorts(t, { now: () => now });
    await ports.reserve('/a');
    now = 1_000_000;
    assert.equal((await ports.reserve('/a')).lastUsedAt, 9_000_000);
  });

  test('changes nothing at all when one of its sticky fields may not change', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/a', { project: 'a', task: 't' });
    const before = storedRows(dir);
    now = 2_000_000;
    const change = { project: 'b', task: 'u', overwrite: true, port: 5009 };
    await assert.rejects(ports.reserve('/a', change), { code: 'STICKY_FIELD' });
    await assert.rejects(ports.reserve('/a', { ...change, policy: { allowProjectChange: true } }), {
      code: 'STICKY_FIELD',
      message: /field 'task'/,
    });
    assert.deepEqual(storedRows(dir), before);
  });

  test('moves when told to, with its own port counted as free and its age kept', async (t) => {
    let now = 1_000_000;
    const { ports } = await openPorts(t, { now: () => now, policy: { max: 5001 } });
    await ports.reserve('/x');
    await ports.reserve('/a', { project: 'p' });
    now = 2_000_000;
    const same = await ports.reserve('/a', { overwrite: true });
    assert.deepEqual([same.port, same.outcome], [5001, 'kept']);
    await ports.release('/x');
    const moved = await ports.reserve('/a', { overwrite: true });
    assert.deepEqual(
      [moved.port, moved.outcome, moved.createdAt, moved.lastUsedAt, moved.project],
      [5000, 'moved', 1_000_000, 2_000_000, 'p'],
    );
    assert.equal((await ports.reserve('/y')).port, 5001);
  });

  test('never takes the port of another key, forced or not', async (t) => {
    const { ports } = await openPorts(t);
    await ports.reserve('/a', { port: 5000 });
    const forced = await ports.reserve('/b', { port: 5000, force: true });
    assert.equal(forced.port, 5001);
  });

  test('is seen as it is after another program wrote to the database', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserve('/a');
    tamper(dir, "UPDATE reservations SET port = 5003, project = 'x'");
    assert.deepEqual((await ports.reserve('/a', { project: 'x' })).port, 5003);
    tamper(dir, 'DELETE FROM reservations');
    assert.equal((await ports.reserve('/a')).outcome, 'created');
  });
});

describe('the path guard of a call', () => {
  test('refuses an unrelated directory, unless policy or force say otherwise', async (t) => {
    const { ports, dir } = await openPorts(t);
    const unrelated = { code: 'PATH_UNRELATED' };
    await assert.rejects(ports.reserve('/a/b', { relatedTo: '/a/c' }), unrelated);
    await assert.rejects(ports.release('/a/b', { relatedTo: '/a/c' }), unrelated);
    await assert.rejects(ports.reserveGroup('/a/b', { web: {} }, { relatedTo: '/a/c' }), unrelated);
    assert.deepEqual(storedRows(dir), []);
    await ports.reserve('/a/b', { relatedTo: '/a/c', force: true });
    const policy = { allowUnrelatedPath: true };
    assert.equal((await ports.release('/a/b', { relatedTo: '/a/c', policy })).released.length, 1);
    await ports.reserve('/a', { relatedTo: '/a/c' });
  });

  test('follows links on both sides before it refuses', async (t) => {
    const root = freshDirectory(t);
    mkdirSync(join(root, 'real/sub'), { recursive: true });
    symlinkSync(join(root, 'real'), join(root, 'link'));
    const { ports } = await openPorts(t);
    const got = await ports.reserve(join(root, 'link/sub'), { relatedTo: join(root, 'real') });
    assert.equal(got.path, join(root, 'link/sub'));
  });
});

describe('a port that is in use', () => {
  test('is passed over, and taken as soon as it is free', async (t) => {
    const { ports } = await openPorts(t, { policy: probed });
    const busy = await freePort();
    const server = createServer().listen({ port: busy, host: '127.0.0.1' });
    await once(server, 'listening');
    const policy = { min: busy, max: busy + 20 };
    const other = await ports.reserve('/a', { policy });
    assert.ok(other.port > busy);
    server.close();
    await once(server, 'close');
    assert.equal((await ports.reserve('/b', { policy })).port, busy);
  });

  test('is taken if it is preferred and its use shall be ignored', async (t) => {
    const { ports } = await openPorts(t, { policy: probed });
    const busy = await freePort();
    await listen(t, busy);
    const policy = { min: busy, max: busy };
    await assert.rejects(ports.reserve('/a', { policy, port: busy }), {
      code: 'PORTS_EXHAUSTED',
      message: new RegExp(
        `^no available ports: port range ${busy}-${busy} exhausted after cleanup: remaining blockers after the single retry: occupied; automatic cleanup pruned 0 and expired 0 reservation\\(s\\)$`,
      ),
    });
    const ignored = await ports.reserve('/a', { policy, port: busy, ignoreOccupied: true });
    assert.equal(ignored.port, busy);
  });

  test('does not keep many calls at once from getting the lowest ports in their order', async (t) => {
    const { ports } = await openPorts(t, { policy: probed });
    const min = await freePort();
    await listen(t, min + 2);
    const policy = { min, max: min + 600 };
    const got = await Promise.all(
      Array.from({ length: 300 }, (_, index) => ports.reserve(`/a/${index}`, { policy })),
    );
    const numbers = got.map(({ port }) => port).sort((a, b) => a - b);
    assert.equal(new Set(numbers).size, 300);
    assert.ok(!numbers.includes(min + 2));
    // Other programs may listen here too; beyond those there is no gap.
    const gaps = numbers.slice(1).filter((port, index) => port !== (numbers[index] ?? 0) + 1);
    assert.ok(gaps.length <= 3, `gaps before ${gaps}`);
  });
});

describe('an exhausted range', () => {
  const two = { min: 5000, max: 5001 };

  test('is cleaned in the same transaction, and the call succeeds', async (t) => {
    const root = freshDirectory(t);
    let now = 100 * 86_400_000;
    const { ports, dir } = await openPorts(t, { policy: two, now: () => now });
    mkdirSync(join(root, 'gone'));
    mkdirSync(join(root, 'old'));
    await ports.reserve(join(root, 'gone'));
    await ports.reserve(join(root, 'old'));
    rmSync(join(root, 'gone'), { recursive: true });
    now += 31 * 86_400_000;
    const got = await ports.reserve(join(root, 'new'));
    assert.equal(got.port, 5000);
    assert.deepEqual(got.cleaned, { pruned: 1, expired: 1, warnings: [] });
    assert.deepEqual(
      storedRows(dir).map((row) => row.path),
      [join(root, 'new')],
    );
  });

  test('stays as it was when cleaning does not help, and both kinds can be off', async (t) => {
    const root = freshDirectory(t);
    const { ports, dir } = await openPorts(t, { policy: { min: 5000, max: 5000 } });
    await ports.reserve(join(root, 'gone'));
    const before = storedRows(dir);
    const attempt = (policy: { autoprune: boolean; autoexpire: boolean; min?: number }) =>
      ports.reserve('/', { policy });
    await assert.rejects(attempt({ autoprune: false, autoexpire: true }), {
      message: /after cleanup.*: reserved; .* pruned 0 .*; automatic pruning disabled$/,
    });
    await assert.rejects(attempt({ autoprune: false, autoexpire: false }), {
      message:
        'no available ports: port range 5000-5000 exhausted: cleanup was skipped (automatic pruning and expiration disabled); remaining blockers: reserved',
    });
    const excluded = [{ min: 5000, max: 5000 }];
    await assert.rejects(ports.reserve('/', { policy: { excluded, autoexpire: false } }), {
      message:
        /blockers after the single retry: excluded; .* pruned 1 .*; automatic expiration disabled$/,
    });
    assert.deepEqual(storedRows(dir), before);
  });

  test('does not clean away the very key that is to move', async (t) => {
    const { ports } = await openPorts(t, { policy: { min: 5000, max: 5000 } });
    await ports.reserve('/nowhere/a');
    const excluded = [{ min: 5000, max: 5000 }];
    await assert.rejects(ports.reserve('/nowhere/a', { overwrite: true, policy: { excluded } }), {
      code: 'PORTS_EXHAUSTED',
    });
    assert.equal((await ports.get('/nowhere/a'))?.port, 5000);
  });

  test('lets exactly as many calls through as it has ports', async (t) => {
    const { ports, dir } = await openPorts(t, { policy: { min: 5000, max: 5010 } });
    const root = freshDirectory(t);
    const calls = Array.from({ length: 20 }, (_, index) => {
      mkdirSync(join(root, `${index}`));
      return ports.reserve(join(root, `${index}`));
    });
    const settled = await Promise.allSettled(calls);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 11);
    assert.deepEqual(
      storedRows(dir)
        .map(({ port }) => port)
        .sort(),
      Array.from({ length: 11 }, (_, index) => 5000 + index),
    );
  });
});

test('a call that is aborted reserves nothing', async (t) => {
  const { ports, dir } = await openPorts(t);
  const reason = new Error('enough');
  await assert.rejects(ports.reserve('/a', { signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(storedRows(dir), []);
});

test('two handles of one process see each other’s reservations', async (t) => {
  const { ports, dir } = await openPorts(t);
  const { ports: other } = await openPorts(t, { dir });
  const paths = Array.from({ length: 50 }, (_, index) => `/a/${index}`);
  const got = await Promise.all(
    paths.map((path, index) => (index % 2 === 0 ? ports : other).reserve(path)),
  );
  assert.equal(new Set(got.map(({ port }) => port)).size, 50);
  assert.deepEqual(
    got.map(({ port }) => port).sort(),
    paths.map((_, index) => 5000 + index),
  );
  assert.equal((await other.at(5000))?.path, (await ports.at(5000))?.path);
});

test('a store that is closed refuses calls', async (t) => {
  const { ports } = await openPorts(t, { policy: unprobed });
  await ports.close();
  await ports.close();
  await assert.rejects(ports.reserve('/a'), { code: 'CLOSED' });
});
