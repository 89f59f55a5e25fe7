import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A process that says one line of JSON after the other. */
export interface Worker {
  readonly child: ChildProcess;
  /** The next line; an error when it has ended. */
  next(): Promise<unknown>;
  /** Lets it begin. */
  go(): void;
  /** Ends it at once, and answers what it had said until then and nobody had read. */
  kill(): Promise<readonly unknown[]>;
}

/** Starts a script of this directory; it ends with the test. */
export function startWorker(t: TestContext, script: string, ...args: readonly string[]): Worker {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    ...{ env, stdio: ['pipe', 'pipe', 'inherit'] },
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    async next() {
      const { value, done } = await lines.next();
      assert.ok(!done, 'a worker ended without an answer');
      return JSON.parse(value);
    },
    go: () => void child.stdin.write('go\n'),
    async kill() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      const rest: unknown[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(JSON.parse(line));
      return rest;
    },
  };
}

/** Starts so many workers, lets them begin at once, and answers what each said. */
export async function race<T>(t: TestContext, count: number, ...args: string[]): Promise<T[]> {
  const workers = Array.from({ length: count }, () => startWorker(t, 'worker.ts', ...args));
  for (const worker of workers) assert.equal(await worker.next(), 'ready');
  for (const worker of workers) worker.go();
  return Promise.all(workers.map(async (worker) => (await worker.next()) as T));
}
