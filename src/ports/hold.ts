import { createServer, type Server } from 'node:net';
import { HoldfastError } from '../errors.ts';
import type { Reserved } from './calls.ts';
import { inProbeTurn } from './probe-turn.ts';

/** Only this machine can connect, unless the caller says otherwise. */
const DEFAULT_HOST = '127.0.0.1';

/** Each try follows a port that somebody took between the probe and the bind; three is plenty. */
const TRIES = 3;

/**
 * A reservation together with a socket that listens on its port, so that nobody can take the port
 * meanwhile. Give `server` to `http.Server.listen`, or the whole to `runWithPort`.
 */
export class Held {
  readonly reservation: Reserved;
  readonly server: Server;

  constructor(reservation: Reserved, server: Server) {
    this.reservation = reservation;
    this.server = server;
  }

  get port(): number {
    return this.reservation.port;
  }

  /** Closes the socket. The reservation stays. Idempotent. */
  release(): void {
    if (this.server.listening) this.server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

/**
 * Reserves, and listens on the port. When somebody else listens there by then, a reservation that
 * this call made moves to another port; one that was there before stays, and the call fails.
 * `reserve` is called with `overwrite` for another port than the one that it chose before.
 * @throws PORT_IN_USE, and whatever `reserve` throws
 */
export async function hold(
  reserve: (options: { readonly overwrite?: true }) => Promise<Reserved>,
  host?: string,
): Promise<Held> {
  let reserved = await reserve({});
  for (let triesLeft = TRIES; ; triesLeft--) {
    try {
      return new Held(reserved, await listenOn(reserved.port, host));
    } catch (error) {
      const isTaken = error instanceof HoldfastError && error.code === 'PORT_IN_USE';
      if (!isTaken || reserved.outcome === 'kept' || triesLeft === 1) throw error;
      reserved = await reserve({ overwrite: true });
    }
  }
}

/**
 * A server that listens on a reserved port; `host` is 127.0.0.1 by default. It accepts connections
 * from the next turn of the event loop on.
 * @throws PORT_IN_USE; IO_ERROR for any other refusal
 */
export async function listenOn(port: number, host: string = DEFAULT_HOST): Promise<Server> {
  try {
    return await listen(port, host);
  } catch (error) {
    if (!isInUse(error)) throw refusal(port, host, error);
  }
  // It may have been a probe: in our turn there is none.
  return inProbeTurn(() => listen(port, host)).catch((error: unknown) => {
    throw refusal(port, host, error);
  });
}

function listen(port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function refusal(port: number, host: string, cause: unknown): HoldfastError {
  if (isInUse(cause)) {
    return new HoldfastError('PORT_IN_USE', `port ${port} of ${host} is in use by somebody else`, {
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('IO_ERROR', `cannot listen on port ${port} of ${host}: ${reason}`, {
    cause,
  });
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
