import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { HoldfastError } from '../errors.ts';
import { pageApp } from './app.ts';
import { assertToken, newToken } from './gate.ts';
import { OwnerWatch } from './owner-watch.ts';
import { pageFiles } from './page-files.ts';
import type { Source } from './source.ts';

const HOST = '127.0.0.1';

export interface PageOptions {
  /** Default 0: any that is free. */
  readonly port?: number | undefined;
  /** What the link is known by, 22 to 256 of `A-Z a-z 0-9 _ -`; a new random one by default. */
  readonly token?: string | undefined;
}

export interface TasksPage extends AsyncDisposable {
  readonly port: number;
  /** With the token, behind `#`: browsers do not send that part, and the page sends it as a header. */
  readonly url: string;
  /** Ends all connections. The store stays open. */
  close(): Promise<void>;
}

/**
 * Serves the live page of a store to browsers of this machine, until it is closed. Who has the link
 * sees the jobs of every user and database of the file, and can ask to cancel them.
 *
 * @throws HoldfastError PORT_IN_USE
 */
export async function servePage(source: Source, options: PageOptions = {}): Promise<TasksPage> {
  const { port: wanted = 0, token = newToken() } = options;
  assertToken(token);
  const ending = new AbortController();
  const owners = new OwnerWatch(source);
  const files = await pageFiles();
  const app = pageApp({ source, owners, token, files, signal: ending.signal });
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const { port } = await listening(server, wanted);
  const close = async () => {
    ending.abort();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, url: `http://${HOST}:${port}/#${token}`, close, [Symbol.asyncDispose]: close };
}

function listening(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const why = isTaken ? 'another process listens there' : cause.message;
      const message = `cannot serve the page on ${HOST}:${port}: ${why}`;
      reject(isTaken ? new HoldfastError('PORT_IN_USE', message, { cause }) : cause);
    });
    // Never another one: whoever can connect from outside could try tokens.
    server.listen({ port, host: HOST }, () => {
      const address = server.address();
      if (typeof address === 'object' && address) resolve(address);
    });
  });
}
