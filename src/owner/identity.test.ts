import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { type OwnerIdentity, ownerState, parseStat, selfIdentity } from './identity.ts';

/** Prints its identity, and lives until its standard input closes. */
const LIVES = `
  const { selfIdentity } = await import(${JSON.stringify(new URL('./identity.ts', import.meta.url))});
  console.log(JSON.stringify(selfIdentity()));
  process.stdin.resume();
`;

async function start(
  t: TestContext,
): Promise<{ readonly child: ChildProcess; readonly owner: OwnerIdentity }> {
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_EXTRA_CA_CERTS;
  const child = spawn(process.execPath, ['--input-type=module', '-e', LIVES], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, owner: JSON.parse(line) };
}

describe('the identity of an owner', () => {
  test('is complete, and stays the same', () => {
    const self = selfIdentity();
    assert.equal(self.pid, process.pid);
    assert.notEqual(self.startedAt, '');
    assert.notEqual(self.bootId, '');
    assert.equal(selfIdentity(), self);
    assert.equal(ownerState(self), 'alive');
  });

  test('is the same from within and from without', async (t) => {
    const { child, owner } = await start(t);
    assert.equal(owner.pid, child.pid);
    assert.equal(ownerState(owner), 'alive');
    assert.equal(owner.pidNamespace, selfIdentity().pidNamespace);
  });

  test('ends when the process is killed', async (t) => {
    const { child, owner } = await start(t);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(ownerState(owner), 'dead');
  });

  test('is not that of another process with the same pid', async (t) => {
    const { owner } = await start(t);
    assert.equal(ownerState({ ...owner, startedAt: `${owner.startedAt}0` }), 'dead');
  });

  test('does not outlive the boot of the machine', () => {
    const self = selfIdentity();
    assert.equal(ownerState({ ...self, bootId: 'another' }), 'dead');
    assert.equal(ownerState({ ...self, bootId: '' }), 'unknown');
  });

  test('cannot be judged from another pid namespace', () => {
    const self = selfIdentity();
    assert.equal(ownerState({ ...self, pidNamespace: 'pid:[1]' }), 'unknown');
    assert.equal(ownerState({ ...self, pidNamespace: 'pid:[1]', bootId: 'another' }), 'dead');
  });

  test('a zombie is dead', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
    // The inner process ends at once, and the outer one, which never waits for it, keeps it.
    const child = spawn('sh', ['-c', 'sh -c "echo \\$\\$" & exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const [pid] = await once(child.stdout.setEncoding('utf8'), 'data');
    const stat = () => parseStat(readFileSync(`/proc/${Number(pid)}/stat`, 'latin1'));
    const zombie = { ...selfIdentity(), pid: Number(pid), startedAt: stat().startedAt };
    while (stat().state !== 'zombie') await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ownerState(zombie), 'dead');
  });
});

describe('the start time in /proc', () => {
  const rest = 'R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21';

  test('is found behind any name of a program', () => {
    for (const name of ['node', 'a b', 'a) R 9', ') (', '(']) {
      assert.equal(parseStat(`12 (${name}) ${rest}\n`).startedAt, '4711');
      assert.equal(parseStat(`12 (${name}) ${rest}\n`).state, 'running');
    }
    assert.equal(parseStat(`12 (x) Z${rest.slice(1)}\n`).state, 'zombie');
  });
});
