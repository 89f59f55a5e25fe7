import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createSocket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { lookAtPort, scanPorts } from '../src/ports/occupancy.ts';
import { defaultPolicy, type OccupancyPolicy } from '../src/ports/policy.ts';
import { probePort } from '../src/ports/probe.ts';
import { ProbeQueue } from '../src/ports/probe-queue.ts';
import { explain } from '../src/ports/why.ts';
import { freePort } from './free-port.ts';

const usual = defaultPolicy.occupancy;

async function listen(t: TestContext, options: ListenOptions): Promise<Server> {
  const server = createServer().listen({ ...options, exclusive: true });
  t.after(() => server.close());
  await once(server, 'listening');
  return server;
}

async function bind(t: TestContext, port: number, address: string, options: SocketOptions) {
  const socket = createSocket(options);
  t.after(() => socket.close());
  socket.bind({ port, address, exclusive: true });
  await once(socket, 'listening');
}

async function hitsOf(port: number, policy: Partial<OccupancyPolicy> = {}): Promise<string[]> {
  const { hits, occupied } = await probePort(port, { ...usual, ...policy });
  assert.equal(occupied, hits.length > 0);
  return hits.map(({ protocol, address }) => `${protocol} ${address}`);
}

describe('a probe', () => {
  test('finds a port free that nobody uses, and leaves it free', async (t) => {
    const port = await freePort();
    assert.deepEqual(await hitsOf(port), []);
    assert.deepEqual(await hitsOf(port, { allInterfaces: true }), []);
    assert.deepEqual(await hitsOf(port, { skipIpv6: true }), []);
    await listen(t, { port });
  });

  test('sees a TCP listener on each family of localhost', async (t) => {
    const port = await freePort();
    await listen(t, { port, host: '127.0.0.1' });
    assert.deepEqual(await hitsOf(port), ['tcp 127.0.0.1']);
    await listen(t, { port, host: '::1' });
    assert.deepEqual(await hitsOf(port), ['tcp 127.0.0.1', 'tcp ::1']);
  });

  test('sees a listener on all interfaces at localhost, of both families if it has both', async (t) => {
    const dual = await freePort();
    await listen(t, { port: dual, host: '::' });
    assert.deepEqual(await hitsOf(dual), ['tcp 127.0.0.1', 'tcp ::1']);
    const single = await freePort();
    await listen(t, { port: single, host: '0.0.0.0' });
    assert.deepEqual(await hitsOf(single), ['tcp 127.0.0.1']);
  });

  test('sees a UDP socket unless UDP is skipped', async (t) => {
    const port = await freePort();
    await bind(t, port, '127.0.0.1', { type: 'udp4' });
    assert.deepEqual(await hitsOf(port), ['udp 127.0.0.1']);
    assert.deepEqual(await hitsOf(port, { skipIpv6: true }), ['udp 127.0.0.1']);
    assert.deepEqual(await hitsOf(port, { skipUdp: true }), []);
    assert.deepEqual(await hitsOf(port, { skipIpv4: true }), []);
  });

  test('sees a UDP socket that would share its port with others of its kind', async (t) => {
    const port = await freePort();
    await bind(t, port, '0.0.0.0', { type: 'udp4', reuseAddr: true });
    assert.deepEqual(await hitsOf(port), ['udp 127.0.0.1']);
  });

  test('ignores a listener on another address unless asked for all interfaces', {
    skip: process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8',
  }, async (t) => {
    const port = await freePort();
    await listen(t, { port, host: '127.0.0.2' });
    assert.deepEqual(await hitsOf(port), []);
    assert.deepEqual(await hitsOf(port, { allInterfaces: true }), ['tcp 0.0.0.0']);
  });

  test('looks at nothing when no protocol or no family is left', async (t) => {
    const port = await freePort();
    await listen(t, { port });
    assert.deepEqual(await hitsOf(port, { skip: true }), []);
    assert.deepEqual(await hitsOf(port, { skipTcp: true, skipUdp: true }), []);
    assert.deepEqual(await hitsOf(port, { skipIpv4: true, skipIpv6: true }), []);
  });

  test('answers in the order of families, scopes and protocols', async (t) => {
    const port = await freePort();
    await listen(t, { port });
    await bind(t, port, '::', { type: 'udp6' });
    assert.deepEqual(await hitsOf(port, { allInterfaces: true }), [
      'tcp 127.0.0.1',
      'udp 127.0.0.1',
      'tcp 0.0.0.0',
      'udp 0.0.0.0',
      'tcp ::1',
      'udp ::1',
      'tcp ::',
      'udp ::',
    ]);
  });

  test('fails when the system answers neither way', async () => {
    // Out of range for the system, which the callers of a probe have ruled out.
    const failed = probePort(65_536, usual).catch((error: unknown) => error);
    assert.match(String(await failed), /65536/);
  });
});

describe('the probe queue', () => {
  test('answers many ports at once, the occupied among the free', async (t) => {
    const port = await freePort();
    await listen(t, { port, host: '127.0.0.1' });
    const ports = Array.from({ length: 200 }, (_, index) => port - 100 + index);
    const verdicts = await new ProbeQueue().probe(ports, usual);
    assert.deepEqual([...verdicts.keys()], ports);
    assert.equal(verdicts.get(port)?.state, 'occupied');
    assert.equal(verdicts.get(port)?.hits.length, 1);
  });

  test('two requests for one port under different policies do not disturb each other', async () => {
    const queue = new ProbeQueue();
    const port = await freePort();
    const policies = [usual, { ...usual, skipUdp: true }, { ...usual, allInterfaces: true }, usual];
    const answers = await Promise.all(policies.map((policy) => queue.probe([port], policy)));
    assert.deepEqual(
      answers.map((answer) => answer.get(port)?.state),
      policies.map(() => 'free'),
    );
  });

  test('requests that wait together share a probe, made after all of them', async () => {
    const queue = new ProbeQueue();
    const port = await freePort();
    const askedAt = performance.now();
    const [one, other] = await Promise.all([
      queue.probe([port], usual),
      queue.probe([port, port], { ...usual }),
    ]);
    assert.equal(one.get(port), other.get(port));
    assert.ok((one.get(port)?.probedAt ?? 0) > askedAt);
    const later = await queue.probe([port], usual);
    assert.notEqual(one.get(port), later.get(port));
  });

  test('an abort rejects with its reason and leaves the others alone', async () => {
    const queue = new ProbeQueue();
    const port = await freePort();
    const reason = new Error('enough');
    const aborted = new AbortController();
    const first = queue.probe([port], usual, aborted.signal);
    const second = queue.probe([port], usual);
    aborted.abort(reason);
    await assert.rejects(first, reason);
    assert.equal((await second).get(port)?.state, 'free');
    await assert.rejects(queue.probe([port], usual, aborted.signal), reason);
  });

  test('a port whose probe fails has a verdict of its own', {
    skip: process.getuid?.() === 0 && 'root may bind any port',
  }, async () => {
    const verdicts = await new ProbeQueue().probe([1, await freePort()], usual);
    const [failed, good] = [...verdicts.values()];
    assert.equal(failed?.state, 'failed');
    assert.equal(failed?.error?.code, 'PROBE_FAILED');
    assert.match(
      failed?.error?.message ?? '',
      /^port 1 is possibly occupied because its occupancy probe failed: TCP bind to .* EACCES$/,
    );
    assert.equal(good?.state, 'free');
  });

  test('processes that probe the same ports at the same time all find them free', async () => {
    const first = (await freePort()) & ~7;
    const children = Array.from({ length: 4 }, () => probingChild(first));
    const ready = children.map((child) => once(child, 'message'));
    await Promise.all(ready);
    const answers = children.map((child) => once(child, 'message'));
    for (const child of children) child.send('go');
    for (const [taken] of await Promise.all(answers)) assert.deepEqual(taken, []);
  });
});

function probingChild(first: number) {
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_EXTRA_CA_CERTS;
  return fork(new URL('./probe-child.ts', import.meta.url), [String(first)], { env });
}

describe('occupancy', () => {
  test('names the process behind each endpoint that is taken', async (t) => {
    const port = await freePort();
    await listen(t, { port });
    const { checked, occupied, listeners, reservation } = await lookAtPort(port, usual, undefined);
    assert.deepEqual([checked, occupied, reservation], [true, true, undefined]);
    assert.deepEqual(
      listeners.map(({ address, owner }) => [address, owner?.pid]),
      [
        ['127.0.0.1', process.pid],
        ['::1', process.pid],
      ],
    );
  });

  test('of a free port is empty, and says when nothing was looked at', async () => {
    const port = await freePort();
    const free = { port, checked: true, occupied: false, listeners: [], reservation: undefined };
    assert.deepEqual(await lookAtPort(port, usual, undefined), free);
    const unseen = await lookAtPort(port, { ...usual, skip: true }, undefined);
    assert.deepEqual(unseen, { ...free, checked: false });
  });

  test('a scan lists the ports that are taken, in order, with their reservations', async (t) => {
    const port = await freePort();
    await listen(t, { port, host: '127.0.0.1' });
    await listen(t, { port: port + 1, host: '127.0.0.1' }).catch(() => undefined);
    const reservation = {
      path: '/x',
      tag: undefined,
      port,
      project: undefined,
      task: undefined,
      createdAt: 0,
      lastUsedAt: 0,
    };
    const range = { min: port - 20, max: port + 20 };
    const found = await scanPorts(range, usual, new Map([[port, reservation]]));
    const ports = found.map((occupancy) => occupancy.port);
    assert.deepEqual(
      ports,
      ports.toSorted((a, b) => a - b),
    );
    assert.equal(found.find((occupancy) => occupancy.port === port)?.reservation, reservation);
    assert.ok(found.every(({ occupied, listeners }) => occupied && listeners.length > 0));
  });
});

describe('why', () => {
  test('shows the sockets, whose they are and since when', async (t) => {
    const port = await freePort();
    await listen(t, { port });
    const why = await explain(port, defaultPolicy, undefined);
    assert.equal(why.state, 'in use');
    assert.equal(why.listeners[0]?.owner?.pid, process.pid);
    assert.equal(why.inRange, false);
    if (process.platform !== 'linux') return;
    const startedAt = performance.timeOrigin;
    assert.ok(Math.abs((why.since ?? 0) - startedAt) < 5000, `${why.since} is not ${startedAt}`);
  });

  test('a free port is free, and the policy has its say', async () => {
    const port = await freePort();
    const policy = { ...defaultPolicy, min: port, max: port, excluded: [{ min: port, max: port }] };
    const { state, inRange, excluded, listeners } = await explain(port, policy, undefined);
    assert.deepEqual([state, inRange, excluded, listeners], ['free', true, true, []]);
  });
});
