import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseCall, systemCalls } from './calls.ts';
import { type HeldLock, lockHolders, parseLock } from './locks.ts';
import { freshDir, isLinux, startStuck, until } from './start.fixture.ts';
import { waitCycle } from './wait-cycle.ts';

const skip = !isLinux;

const lock = (pid: number, path: string, isWaiting = false): HeldLock => ({
  ...{ path, pid, isWaiting, kind: 'posix', access: 'write' },
});

describe('locks of the kernel', () => {
  test('who has a database locked is named', { skip }, async (t) => {
    const dir = freshDir(t);
    const { pid } = await startStuck(t, 'holds a database', dir);
    const held = lockHolders(dir).filter(({ path }) => path.endsWith('data.db'));
    assert.ok(held.some(({ access }) => access === 'write'));
    for (const one of held)
      assert.deepEqual([one.pid, one.kind, one.isWaiting], [pid, 'posix', false]);
  });

  test('of locks that belong to open files, holders and waiters are found, and the ring they make', {
    skip,
  }, async (t) => {
    const dir = freshDir(t);
    const [one, two] = await Promise.all([
      startStuck(t, 'takes kernel locks', dir, 'a', 'b'),
      startStuck(t, 'takes kernel locks', dir, 'b', 'a'),
    ]);
    assert.deepEqual(
      lockHolders(dir)
        .map(({ pid, isWaiting }) => [pid, isWaiting])
        .sort(),
      [
        [one.pid, false],
        [two.pid, false],
      ].sort(),
    );
    assert.equal(waitCycle(lockHolders(dir)), undefined);
    for (const child of [one, two]) child.send('go on');
    await until(() => waitCycle(lockHolders(dir)) !== undefined);
    const ring = waitCycle(lockHolders(dir)) ?? [];
    assert.deepEqual(
      new Set(ring.map(({ pid, path }) => `${pid} ${path}`)),
      new Set([`${one.pid} ${dir}/b`, `${two.pid} ${dir}/a`]),
    );
    const calls = systemCalls(one.pid ?? 0).map(({ name, target }) => [name, target]);
    assert.deepEqual(calls, [['fcntl', `${dir}/b`]]);
  });

  test('files that nobody has locked have no holders', { skip }, async (t) => {
    const dir = freshDir(t);
    assert.deepEqual(lockHolders(dir), []);
  });
});

describe('line of a lock', () => {
  test('says holder, kind, and who waits', () => {
    const waits = '3: -> POSIX  ADVISORY  WRITE 3213 fe:00:2236998 0 EOF';
    assert.deepEqual(parseLock(waits), {
      ...{ kind: 'posix', access: 'write', pid: 3213, inode: '254:0:2236998', isWaiting: true },
    });
    const ofFile = '5: OFDLCK ADVISORY  READ -1 103:1f:7 128 128';
    assert.deepEqual(parseLock(ofFile), {
      ...{ kind: 'ofd', access: 'read', pid: -1, inode: '259:31:7', isWaiting: false },
    });
  });

  test('that is something else is none', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.equal(parseLock(text), undefined)));
    assert.equal(parseLock('9: DELEG  ACTIVE    READ 4 fe:00:7 0 EOF'), undefined);
  });
});

describe('ring of waits', () => {
  test('is found however long it is, and only if it closes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.boolean(),
        fc.nat(),
        (length, closes, turn) => {
          const held = Array.from({ length }, (_, pid) => lock(pid, `${pid}`));
          const wanted = held.map(({ pid }) =>
            lock(pid ?? 0, `${((pid ?? 0) + 1) % length}`, true),
          );
          const kept = closes ? wanted : wanted.filter(({ pid }) => pid !== turn % length);
          const ring = waitCycle([...kept, ...held]);
          assert.equal(ring?.length, closes ? length : undefined);
        },
      ),
    );
  });

  test('who waits for what it holds itself in part, and who waits for nobody known, make none', () => {
    assert.equal(waitCycle([lock(1, 'a'), lock(1, 'a', true)]), undefined);
    assert.equal(waitCycle([lock(1, 'a', true), lock(2, 'b', true)]), undefined);
  });
});

describe('call of the system', () => {
  test('has a name where it may take long, else its number; a thread that runs has none', () => {
    assert.deepEqual(parseCall('73 0x5 0x2 0x0 0x0 0x0 0x0 0x7ffe 0x7f36\n', 'x64'), {
      ...{ name: 'flock', descriptor: 5 },
    });
    assert.equal(parseCall('32 0x5 0x2', 'arm64')?.name, 'flock');
    assert.equal(parseCall('9999 0x5', 'x64')?.name, 'system call 9999');
    assert.equal(parseCall('running\n', 'x64'), undefined);
    assert.equal(parseCall('-1 0x7ffe 0x7f36', 'x64'), undefined);
    assert.equal(parseCall('', 'x64'), undefined);
  });
});
