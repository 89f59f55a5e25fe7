import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { getPort, type OwnerIdentity, type Ports } from '../src/ports.ts';
import { freshDirectory, openPorts, storedRows, tamper, unprobed } from './ports-store.ts';

/** Reserves with a lease, prints the port, and lives until it is killed. */
const LEASES = `
  const { Ports } = await import(${JSON.stringify(new URL('../src/ports.ts', import.meta.url))});
  const [dir, path, policy] = JSON.parse(process.argv[1]);
  const ports = await Ports.open({ dir, policy });
  console.log((await ports.reserve(path, { lease: true })).port);
  process.stdin.resume();
`;

async function leaseInChild(
  t: TestContext,
  dir: string,
  path: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_EXTRA_CA_CERTS;
  const input = JSON.stringify([dir, path, unprobed]);
  const child = spawn(process.execPath, ['--input-type=module', '-e', LEASES, input], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, port: Number(line) };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** An owner that cannot be looked at from here. */
const elsewhere: OwnerIdentity = {
  pid: 1,
  startedAt: '1',
  bootId: '',
  pidNamespace: 'pid:[1]',
};

async function paths(ports: Ports): Promise<string[]> {
  return (await ports.list()).items.map(({ path }) => path);
}

describe('a leased reservation', () => {
  test('lasts while its process lives, and has ended when it is killed', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserve('/kept');
    const { child, port } = await leaseInChild(t, dir, '/leased');
    assert.equal(port, 5001);
    assert.equal((await ports.get('/leased'))?.lease?.pid, child.pid);
    assert.equal((await ports.reserve('/other')).port, 5002);
    assert.deepEqual(await paths(ports), ['/kept', '/leased', '/other']);
    await kill(child);
    assert.equal(await ports.get('/leased'), undefined);
    assert.equal(await ports.at(5001), undefined);
    assert.deepEqual(await paths(ports), ['/kept', '/other']);
    assert.equal((await ports.reserve('/next')).port, 5001);
    assert.deepEqual(await paths(ports), ['/kept', '/next', '/other']);
  });

  test('of a dead process is made anew when its key is reserved again', async (t) => {
    const { ports, dir } = await openPorts(t);
    const { child } = await leaseInChild(t, dir, '/leased');
    const kept = await ports.reserve('/leased');
    assert.deepEqual([kept.outcome, kept.lease?.pid], ['kept', child.pid]);
    await kill(child);
    const anew = await ports.reserve('/leased');
    assert.deepEqual([anew.outcome, anew.lease], ['created', undefined]);
  });

  test('is taken over by a process that asks for a lease, and ended on request', async (t) => {
    const { ports, dir } = await openPorts(t);
    const { child, port } = await leaseInChild(t, dir, '/leased');
    const taken = await ports.reserve('/leased', { lease: true });
    assert.deepEqual([taken.port, taken.lease?.pid], [port, process.pid]);
    await kill(child);
    assert.equal((await ports.get('/leased'))?.port, port);
    const freed = await ports.reserve('/leased', { lease: false });
    assert.deepEqual([freed.port, freed.lease], [port, undefined]);
    const still = await ports.reserve('/leased', { lease: true });
    assert.equal(still.lease, undefined, 'what is for good stays for good');
  });

  test('of an owner that cannot be seen lasts for its own time, and can be renewed', async (t) => {
    let now = 1_000_000;
    const { ports } = await openPorts(t, { now: () => now });
    const lease = { ttlMs: 5000, owner: elsewhere };
    await ports.reserve('/a', { lease });
    await ports.reserve('/forever', { lease: { owner: elsewhere } });
    now += 4999;
    assert.equal((await ports.reserve('/a', { lease })).outcome, 'kept');
    now += 4999;
    assert.equal((await ports.get('/a'))?.lease?.expiresAt, 1_009_999);
    now += 1;
    assert.deepEqual(await paths(ports), ['/forever']);
    assert.equal((await ports.reserve('/b')).port, 5000);
  });

  test('of an owner that is seen to be alive outlasts its time', async (t) => {
    let now = 1_000_000;
    const { ports } = await openPorts(t, { now: () => now });
    await ports.reserve('/a', { lease: { ttlMs: 1 } });
    now += 1_000_000;
    assert.equal((await ports.reserve('/b')).port, 5001);
    assert.deepEqual(await paths(ports), ['/a', '/b']);
  });

  test('is removed by every kind of cleaning when it has ended', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/', { lease: { ttlMs: 1, owner: elsewhere } });
    now += 10;
    await ports.expire({ dryRun: true });
    assert.equal(storedRows(dir).length, 1);
    await ports.expire();
    assert.deepEqual(storedRows(dir), []);
  });

  test('moves with its directory, goes with its group, and leaves nothing behind', async (t) => {
    let now = 1_000_000;
    const { ports } = await openPorts(t, { now: () => now });
    const lease = { ttlMs: 1000, owner: elsewhere };
    await ports.reserveGroup('/a', { x: {}, y: { offset: 1 } }, { lease });
    await ports.migrate('/a', '/b');
    assert.equal((await ports.get('/b', 'x'))?.lease?.expiresAt, 1_001_000);
    await ports.release('/b', { tag: 'x' });
    await ports.reserve('/b', { tag: 'x' });
    now += 2000;
    assert.deepEqual(
      (await ports.list()).items.map(({ tag }) => tag),
      ['x'],
    );
    await ports.reserveGroup('/b', { y: {} }, { force: true });
    assert.equal((await ports.get('/b', 'y'))?.lease, undefined);
  });

  test('whose row another program has replaced is void', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/a', { lease: { ttlMs: 1, owner: elsewhere } });
    tamper(dir, 'UPDATE reservations SET port = 6000');
    now += 10;
    assert.equal((await ports.get('/a'))?.port, 6000);
    await ports.reserve('/b');
    assert.equal((await ports.get('/a'))?.port, 6000);
  });
});

describe('getPort', () => {
  test('answers a port of its own to each call, for as long as this process lives', async (t) => {
    const dir = freshDirectory(t);
    const got = await Promise.all(
      Array.from({ length: 20 }, () => getPort({ dir, policy: { ...unprobed } })),
    );
    assert.equal(new Set(got).size, 20);
    const { ports } = await openPorts(t, { dir });
    const { items } = await ports.list();
    assert.equal(items.length, 20);
    assert.ok(items.every(({ lease, path }) => lease?.pid === process.pid && path.startsWith('/')));
  });

  test('prefers the port that is asked for, and finds another when it is taken', async (t) => {
    const dir = freshDirectory(t);
    assert.equal(await getPort({ dir, port: 5055, policy: unprobed }), 5055);
    assert.equal(await getPort({ dir, port: 5055, policy: unprobed }), 5000);
  });
});
