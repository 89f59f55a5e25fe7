import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker as Thread } from 'node:worker_threads';
import { INSPECTOR_ARGV } from './process-inspector.ts';

export const isLinux = existsSync('/proc/self/stat');

const file = join(import.meta.dirname, 'stuck.fixture.ts');
const quiet = '--disable-warning=ExperimentalWarning';

/** A fresh directory with a pipe that nobody writes to. */
export function freshDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-stall-'));
  t.after(() => rmSync(dir, { recursive: true }));
  if (isLinux) execFileSync('mkfifo', [join(dir, 'pipe')]);
  return dir;
}

/** A process of `stuck.fixture.ts` that has said that it is there. Killed after the test. */
export async function startStuck(t: TestContext, ...args: string[]): Promise<ChildProcess> {
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const child = fork(file, args, {
    env,
    execArgv: [quiet, ...INSPECTOR_ARGV],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  await once(child, 'message');
  return child;
}

/** The same in a thread, with its number in the kernel. */
export async function startStuckThread(
  t: TestContext,
  ...args: string[]
): Promise<{ readonly thread: Thread; readonly id: number }> {
  const thread = new Thread(file, { workerData: args, execArgv: [quiet] });
  t.after(() => thread.terminate());
  const [id] = await once(thread, 'message');
  return { thread, id };
}

/** Waits until something is so; gives up long after it should be. */
export async function until(isSo: () => boolean): Promise<void> {
  const endsAt = performance.now() + 20_000;
  while (!isSo()) {
    assert.ok(performance.now() < endsAt, `never: ${isSo}`);
    await turn();
  }
}
