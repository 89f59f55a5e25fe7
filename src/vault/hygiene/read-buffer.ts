import { once } from 'node:events';

/** No connection of a process to itself takes as long, unless something keeps it back. */
const PATIENCE_MS = 1000;

/**
 * Writes zeros over the memory that this thread reads pipes and sockets into: Node keeps it for the
 * next read, with all that came in the last one and is longer than that. Done by a connection of
 * this process to itself; where there can be none, nothing is done.
 */
export async function clearReadBuffer(sizeBytes: number): Promise<void> {
  if (sizeBytes === 0) return;
  // Few read secrets so: others do not pay for the module.
  const { connect, createServer } = process.getBuiltinModule('node:net');
  const server = createServer((socket) => socket.on('error', ignore).end(Buffer.alloc(sizeBytes)));
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') return;
    const zeros = connect(address.port, '127.0.0.1');
    try {
      await once(zeros.resume(), 'end', { signal: AbortSignal.timeout(PATIENCE_MS) });
    } finally {
      zeros.destroy();
    }
  } catch {
    // A machine without a network of its own: the secret was read, and that is what counts.
  } finally {
    server.close();
  }
}

function ignore(): void {}
