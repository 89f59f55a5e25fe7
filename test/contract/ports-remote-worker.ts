import { parentPort, workerData } from 'node:worker_threads';
import { HoldfastError } from '../../src/errors.ts';
import { Ports } from '../../src/ports.ts';
import { contractPolicy } from './ports-policy.ts';
import type { Request, Response } from './ports-remote.ts';

const dir: string = parentPort ? workerData.dir : process.argv[2];
const opening = Ports.open({ dir, policy: contractPolicy, durability: 'process' });

async function answer({ id, method, args }: Request): Promise<Response> {
  try {
    const ports = (await opening) as unknown as Record<string, (...args: unknown[]) => unknown>;
    return { id, value: await ports[method]?.(...args) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      id,
      error: error instanceof HoldfastError ? { message, code: error.code } : { message },
    };
  }
}

if (parentPort) {
  const port = parentPort;
  port.on('message', async (request: Request) => port.postMessage(await answer(request)));
} else {
  process.on('message', async (request) => process.send?.(await answer(request as Request)));
}
