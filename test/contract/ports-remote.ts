import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PortsContract } from './ports.ts';

/** One call to a store in another thread or process. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code?: string };
}

const workerFile = join(import.meta.dirname, 'ports-remote-worker.ts');

/** The store of `dir` in a worker thread. */
export async function openInThread(dir: string): Promise<PortsContract> {
  const worker = new Worker(workerFile, { workerData: { dir } });
  const remote = new Remote((request) => worker.postMessage(request));
  worker.on('message', (response: Response) => remote.settle(response));
  return remote.store(async () => {
    await worker.terminate();
  });
}

/** The store of `dir` in a child process. */
export async function openInProcess(dir: string): Promise<PortsContract> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const child: ChildProcess = fork(workerFile, [dir], {
    env,
    execArgv: [],
    serialization: 'advanced',
  });
  const remote = new Remote((request) => child.send(request));
  child.on('message', (response) => remote.settle(response as Response));
  return remote.store(async () => {
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.disconnect();
    });
  });
}

class Remote {
  readonly #send: (request: Request) => void;
  readonly #waiting = new Map<number, (response: Response) => void>();
  #calls = 0;

  constructor(send: (request: Request) => void) {
    this.#send = send;
  }

  settle(response: Response): void {
    this.#waiting.get(response.id)?.(response);
    this.#waiting.delete(response.id);
  }

  store(end: () => Promise<void>): PortsContract {
    const call =
      (method: string) =>
      (...args: unknown[]) =>
        this.#call(method, args);
    const methods = new Proxy({} as PortsContract, {
      get: (_, method: string) => {
        // Not a promise, so that an async function may answer it.
        if (method === 'then') return undefined;
        if (method !== 'close') return call(method);
        return async () => {
          await call('close')();
          await end();
        };
      },
    });
    return methods;
  }

  async #call(method: string, args: readonly unknown[]): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    const response = await new Promise<Response>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ id, method, args });
    });
    if (!response.error) return response.value;
    throw Object.assign(new Error(response.error.message), { code: response.error.code });
  }
}
