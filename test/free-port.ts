import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that nobody listens on. From below the kernel's ephemeral range, so that an outgoing
 * connection cannot take it, and random, so that tests that run side by side do not meet.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen({ port, exclusive: true });
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
}
