import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openPorts, storedRows } from './ports-store.ts';

describe('beside a program that knows nothing of our lock and epoch', () => {
  test('a port that it has just taken is passed over, and no call fails', async (t) => {
    const { ports, dir } = await openPorts(t);
    using foreign = new DatabaseSync(join(dir, 'ports.db'), { timeout: 5000 });
    const take = foreign.prepare("INSERT INTO reservations VALUES (?, '', ?, NULL, NULL, 1, 1)");
    let next = 5000;
    for (let round = 0; round < 60; round += 1) {
      // Its row comes right after our commit, so that nothing of ours has looked meanwhile.
      assert.equal((await ports.reserve(`/ours/${round}`)).port, next);
      take.run(`/theirs/${round}`, next + 1);
      next += 2;
    }
    const group = await ports.reserveGroup('/group', { a: { offset: 0 }, b: { offset: 1 } });
    assert.deepEqual(Object.values(group.ports), [next, next + 1]);
  });

  test('a port that it has just taken fails no call, whenever it locks the database besides', async (t) => {
    const { ports, dir } = await openPorts(t);
    using foreign = new DatabaseSync(join(dir, 'ports.db'), { timeout: 5000 });
    const take = foreign.prepare("INSERT INTO reservations VALUES (?, '', ?, NULL, NULL, 1, 1)");
    let next = 5000;
    for (let ticks = 0; ticks < 40; ticks += 1) {
      assert.equal((await ports.reserve(`/ours/${ticks}`)).port, next);
      take.run(`/theirs/${ticks}`, next + 1);
      const reserved = ports.reserve(`/late/${ticks}`);
      // The lock is taken at every moment that the call may be at.
      for (let tick = 0; tick < ticks; tick += 1) await undefined;
      foreign.exec('BEGIN IMMEDIATE');
      await new Promise((resolve) => setImmediate(resolve));
      foreign.exec('COMMIT');
      assert.equal((await reserved).port, next + 2);
      next += 3;
    }
  });

  test('a group, and a reservation that moves, pass over a port that it has just taken', async (t) => {
    const { ports, dir } = await openPorts(t);
    using foreign = new DatabaseSync(join(dir, 'ports.db'), { timeout: 5000 });
    const take = foreign.prepare("INSERT INTO reservations VALUES (?, '', ?, NULL, NULL, 1, 1)");
    await ports.reserve('/first');
    take.run('/theirs/1', 5002);
    const group = await ports.reserveGroup('/group', { a: { offset: 0 }, b: { offset: 1 } });
    assert.deepEqual(group.ports, { a: 5003, b: 5004 });
    await ports.reserve('/moves', { port: 6000 });
    take.run('/theirs/2', 5001);
    const moved = await ports.reserve('/moves', { overwrite: true });
    assert.deepEqual([moved.port, moved.outcome], [5005, 'moved']);
  });

  test('a port that it has just released is found where no other is left', async (t) => {
    const { ports, dir } = await openPorts(t, { policy: { min: 5000, max: 5001 } });
    using foreign = new DatabaseSync(join(dir, 'ports.db'), { timeout: 5000 });
    await ports.reserve('/missing/a');
    await ports.reserve('/missing/b');
    foreign.exec("DELETE FROM reservations WHERE path = '/missing/b'");
    const { cleaned, port } = await ports.reserve('/missing/c');
    assert.deepEqual([port, cleaned], [5001, undefined], 'and nothing is cleaned for it');
    foreign.exec("DELETE FROM reservations WHERE path = '/missing/c'");
    const group = await ports.reserveGroup('/missing/d', { web: {} });
    assert.deepEqual(group.ports, { web: 5001 });
  });

  test('many at once get what is left, each another port', async (t) => {
    const { ports, dir } = await openPorts(t);
    await ports.reserve('/first');
    const worker = new Worker(
      `const { DatabaseSync } = require('node:sqlite');
       const { workerData } = require('node:worker_threads');
       const db = new DatabaseSync(workerData, { timeout: 20000 });
       const take = db.prepare("INSERT OR IGNORE INTO reservations VALUES (?, '', (SELECT max(port) + 1 FROM reservations), NULL, NULL, 1, 1)");
       for (let n = 0; n < 300; n++) take.run('/theirs/' + n);`,
      { eval: true, workerData: join(dir, 'ports.db') },
    );
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    for (let round = 0; round < 20; round += 1) {
      const paths = Array.from({ length: 15 }, (_, nth) => `/ours/${round}-${nth}`);
      await Promise.all(paths.map((path) => ports.reserve(path)));
    }
    assert.equal(await ended, 0);
    const rows = storedRows(dir);
    assert.equal(rows.length, 601);
    assert.equal(new Set(rows.map((row) => row.port)).size, 601);
  });
});
