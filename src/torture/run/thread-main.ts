import { parentPort } from 'node:worker_threads';
import { Host } from './host.ts';
import type { Request } from './protocol.ts';

// Entry of a worker thread.
const port = parentPort;
if (port) {
  const host = new Host((reply) => port.postMessage(reply));
  port.on('message', (request: Request) => void host.handle(request));
}
