import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { askedThreadUse, childIds, ownThreadId, processUse, threadsOf, threadUse } from './cpu.ts';
import { parseStat, statOf } from './process-stat.ts';
import { freshDir, isLinux, startStuck, startStuckThread, until } from './start.fixture.ts';

const skip = !isLinux;

describe('stat of a process', () => {
  test('is read whatever the command is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.nat(1e6),
        fc.nat(1e6),
        (command, user, system) => {
          const text = `7 (${command}) S 4 7 7 0 -1 4194304 2643 0 1 0 ${user} ${system} 5 6 20 0`;
          const cpuMs = (user + system) * 10;
          const endedChildrenMs = 110;
          assert.deepEqual(parseStat(text), {
            id: 7,
            parent: 4,
            command,
            state: 'sleeping',
            cpuMs,
            endedChildrenMs,
          });
        },
      ),
    );
  });

  test('that is cut short or of another format is none', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.equal(parseStat(text), undefined)));
    assert.equal(parseStat('7 (node) S 4 7'), undefined);
    assert.equal(parseStat('7 (node) ? 4 7 7 0 -1 4194304 2643 0 1 0 1 1 5 6'), undefined);
  });

  test('knows this process', { skip }, () => {
    const stat = statOf('self');
    assert.deepEqual([stat?.id, stat?.parent], [process.pid, process.ppid]);
  });
});

describe('use of a worker', { concurrency: 2 }, () => {
  test('processor time of a process that spins goes on', { skip }, async (t) => {
    const { pid = 0 } = await startStuck(t, 'spins');
    const before = processUse(pid);
    await until(() => (processUse(pid)?.cpuMs ?? 0) >= (before?.cpuMs ?? 0) + 50);
    await until(() => processUse(pid)?.state === 'running');
  });

  test('that of a process that waits stands still', { skip }, async (t) => {
    const { pid = 0 } = await startStuck(t, 'waits on memory');
    await until(() => processUse(pid)?.state === 'sleeping');
    const before = processUse(pid)?.cpuMs ?? 0;
    for (let look = 0; look < 50; look += 1) {
      // V8 may yet tidy up behind it.
      assert.ok((processUse(pid)?.cpuMs ?? Number.NaN) <= before + 20);
    }
  });

  test('a process or thread that waits for a command that spins is running', {
    skip,
  }, async (t) => {
    const { pid = 0 } = await startStuck(t, 'waits for a command', freshDir(t));
    const { id } = await startStuckThread(t, 'waits for a command', freshDir(t));
    for (const use of [() => processUse(pid), () => threadUse(id)]) {
      await until(() => use()?.state === 'running');
      const before = use()?.cpuMs ?? 0;
      await until(() => (use()?.cpuMs ?? 0) >= before + 50 && use()?.state === 'running');
    }
  });

  test('a process that is stopped, or whose command is, is stopped', { skip }, async (t) => {
    const child = await startStuck(t, 'waits for a command', freshDir(t));
    const { pid = 0 } = child;
    const childrenOf = (id: number) =>
      threadsOf(id).flatMap((thread) => childIds(`${id}/task/${thread.id}`) ?? []);
    const spinning = () => childrenOf(pid).flatMap(childrenOf);
    await until(() => spinning().length > 0);
    child.kill('SIGSTOP');
    await until(() => processUse(pid)?.state === 'stopped');
    child.kill('SIGCONT');
    await until(() => processUse(pid)?.state === 'running');
    for (const id of spinning()) process.kill(id, 'SIGSTOP');
    await until(() => processUse(pid)?.state === 'stopped');
  });

  test('a thread is told from the process it is in', { skip }, async (t) => {
    const { id } = await startStuckThread(t, 'spins');
    assert.notEqual(id, ownThreadId());
    await until(() => (threadUse(id)?.cpuMs ?? 0) >= 100);
    await until(() => threadUse(id)?.state === 'running');
  });

  test('a thread that spins or waits tells its time when asked, one that has ended does not', async (t) => {
    for (const way of ['spins', 'waits on memory']) {
      const { thread } = await startStuckThread(t, way);
      assert.ok(((await askedThreadUse(thread, 8000))?.cpuMs ?? 0) > 0);
      await thread.terminate();
      assert.equal(await askedThreadUse(thread, 8000), undefined);
    }
  });

  test('of processes and threads that are not there nothing is told', { skip }, () => {
    // The largest process id that Linux can be made to give is 2^22.
    assert.equal(processUse(2 ** 22 + 1), undefined);
    assert.equal(threadUse(2 ** 22 + 1), undefined);
  });
});
