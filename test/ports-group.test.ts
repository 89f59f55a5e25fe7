import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { defaultPolicy } from '../src/ports.ts';
import { freePort } from './free-port.ts';
import { openPorts, storedRows, tamper } from './ports-store.ts';

const trio = { web: {}, api: { offset: 1 }, db: { offset: 5, env: 'PGPORT' } };

describe('a new group', () => {
  test('gets the first base that leaves room for all of it, with names by tag', async (t) => {
    const { ports } = await openPorts(t, { policy: { excluded: [{ min: 5001, max: 5001 }] } });
    await ports.reserve('/x', { port: 5008 });
    const group = await ports.reserveGroup('/a', trio);
    assert.deepEqual(group, {
      path: '/a',
      ports: { api: 5003, db: 5007, web: 5002 },
      env: { api: 'API', db: 'PGPORT', web: 'WEB' },
      outcome: 'created',
    });
    assert.deepEqual(Object.keys(group.ports), ['api', 'db', 'web']);
  });

  test('begins its search at its base and ends it at the end of the range', async (t) => {
    const { ports, dir } = await openPorts(t, { policy: { max: 5010 } });
    const got = await ports.reserveGroup('/a', { a: {}, b: { offset: 2 } }, { base: 5008 });
    assert.deepEqual(got.ports, { a: 5008, b: 5010 });
    await assert.rejects(ports.reserveGroup('/b', { a: {}, b: { offset: 2 } }, { base: 5008 }), {
      code: 'PORTS_EXHAUSTED',
      message: /^no available ports: port range 5000-5010 exhausted: /,
    });
    await assert.rejects(ports.reserveGroup('/b', { a: {} }, { base: 4999 }), {
      code: 'CONFIG_INVALID',
      message: /^validation error for 'reservations.base'/,
    });
    assert.equal(storedRows(dir).length, 2);
  });

  test('pins preferred ports wherever they lie, and works around them', async (t) => {
    const { ports } = await openPorts(t, { policy: { max: 5100 } });
    const services = {
      external: { offset: 3, preferred: 65_535 },
      admin: { offset: 2, preferred: 5000 },
      web: {},
      api: { offset: 1 },
    };
    const { ports: got } = await ports.reserveGroup('/a', services);
    assert.deepEqual(got, { admin: 5000, api: 5002, external: 65_535, web: 5001 });
    const second = await ports.reserveGroup('/b', services);
    assert.deepEqual(second.ports, { admin: 5005, api: 5004, external: 5006, web: 5003 });
  });

  test('passes over bases that are in use', async (t) => {
    const { ports } = await openPorts(t, { policy: { occupancy: defaultPolicy.occupancy } });
    const busy = await freePort();
    const server = createServer().listen({ port: busy, host: '127.0.0.1' });
    t.after(() => server.close());
    await once(server, 'listening');
    const policy = { min: busy - 1, max: busy + 60 };
    const { ports: got } = await ports.reserveGroup(
      '/a',
      { a: {}, b: { offset: 1 }, c: { offset: 7, preferred: busy } },
      { policy },
    );
    assert.ok((got.a ?? 0) > busy);
    assert.deepEqual([got.b, got.c], [(got.a ?? 0) + 1, (got.a ?? 0) + 7]);
  });

  test('takes all of its ports or none', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserve('/x');
    // The third insert fails: a trigger is what comes nearest to a fault in between.
    tamper(
      dir,
      `CREATE TRIGGER fault BEFORE INSERT ON reservations WHEN NEW.tag = 'web'
       BEGIN SELECT RAISE(ABORT, 'fault'); END`,
    );
    await assert.rejects(ports.reserveGroup('/a', trio));
    assert.equal(storedRows(dir).length, 1);
    tamper(dir, 'DROP TRIGGER fault');
    const group = await ports.reserveGroup('/a', trio);
    assert.deepEqual(group.ports, { api: 5002, db: 5006, web: 5001 });
  });

  test('is refused without an echo of the tag that is wrong', async (t) => {
    const { ports } = await openPorts(t);
    await assert.rejects(ports.reserveGroup('/a', { 'x\nexport ATTACK=1': {} }), (error: Error) => {
      assert.match(error.message, /^validation error/);
      assert.ok(!error.message.includes('ATTACK'));
      return true;
    });
  });
});

describe('a group that is stored', () => {
  test('is answered again, with its ports and age kept', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/x', { port: 5000 });
    const first = await ports.reserveGroup('/a', trio, { project: 'p', task: 't' });
    await ports.release('/x');
    await ports.reserve('/a');
    now = 2_000_000;
    const again = await ports.reserveGroup('/a', trio);
    assert.deepEqual(again, { ...first, outcome: 'kept' });
    const group = storedRows(dir).filter(({ tag }) => tag !== '');
    assert.ok(group.every((row) => row.created_at === 1000 && row.last_used_at === 2000));
    assert.ok(group.every((row) => row.project === 'p' && row.task === 't'));
  });

  test('is a conflict when its tags or ports are others, and nothing is written', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserveGroup('/a', trio);
    const before = storedRows(dir);
    const shapes = [
      { web: {}, api: { offset: 1 } },
      { ...trio, extra: { offset: 9 } },
      { web: {}, api: { offset: 1 }, other: { offset: 5 } },
      { web: {}, api: { offset: 2 }, db: { offset: 5 } },
      { web: { preferred: 6000 }, api: { offset: 1 }, db: { offset: 6 } },
    ];
    for (const shape of shapes) {
      await assert.rejects(ports.reserveGroup('/a', shape), {
        code: 'CONFLICT',
        message: /^reservation conflict: existing group at \/a is incompatible: /,
      });
    }
    await assert.rejects(ports.reserveGroup('/a', trio, { policy: { min: 5001 } }), {
      code: 'CONFLICT',
    });
    assert.deepEqual(storedRows(dir), before);
  });

  test('is replaced as a whole when forced, and keeps metadata that was uniform', async (t) => {
    let now = 1_000_000;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/a/below', { tag: 'web' });
    await ports.reserve('/a');
    await ports.reserveGroup('/a', trio, { project: 'p' });
    await ports.reserve('/a', { tag: 'db', task: 'odd', policy: { allowTaskChange: true } });
    now = 2_000_000;
    const got = await ports.reserveGroup('/a', { web: {}, cache: { offset: 1 } }, { force: true });
    assert.deepEqual(got.ports, { cache: 5003, web: 5002 });
    assert.equal(got.outcome, 'moved');
    const rows = storedRows(dir);
    assert.deepEqual(
      rows.map(({ path, tag, project, task, created_at }) => [
        path,
        tag,
        project,
        task,
        created_at,
      ]),
      [
        ['/a', '', null, null, 1000],
        ['/a', 'cache', 'p', null, 2000],
        ['/a', 'web', 'p', null, 2000],
        ['/a/below', 'web', null, null, 1000],
      ],
    );
  });

  test('refuses a sticky change of any of its rows as a whole', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserveGroup('/a', trio, { project: 'p' });
    tamper(
      dir,
      "UPDATE reservations SET project = 'q', last_used_at = created_at WHERE tag = 'web'",
    );
    const before = storedRows(dir);
    await assert.rejects(ports.reserveGroup('/a', trio, { project: 'p' }), {
      code: 'STICKY_FIELD',
    });
    assert.deepEqual(storedRows(dir), before);
    const policy = { allowProjectChange: true };
    await ports.reserveGroup('/a', trio, { project: 'p', policy });
    assert.ok(storedRows(dir).every(({ project }) => project === 'p'));
  });
});

test('many groups at once do not overlap', async (t) => {
  const { ports, dir } = await openPorts(t);
  const groups = await Promise.all(
    Array.from({ length: 40 }, (_, index) => ports.reserveGroup(`/g/${index}`, trio)),
  );
  const all = groups.flatMap((group) => Object.values(group.ports));
  assert.equal(new Set(all).size, 120);
  assert.equal(storedRows(dir).length, 120);
});
