import type { Family, Protocol } from './probe.ts';

/** The process behind a socket, as far as this user may know. */
export interface ProcessOwner {
  readonly pid: number | undefined;
  readonly name: string | undefined;
  readonly user: string | undefined;
  /** Start of the process, epoch ms. */
  readonly startedAt: number | undefined;
}

/** A socket that listens (TCP) or is bound (UDP). */
export interface OpenSocket {
  readonly protocol: Protocol;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  /** Undefined when nothing is known of it. */
  readonly owner: ProcessOwner | undefined;
}

/**
 * The sockets that are open on `ports` now, and whose they are: from `/proc` on Linux, by `lsof`
 * elsewhere. Best effort and for the eye: it never throws, what cannot be seen is absent, and it
 * costs tens of milliseconds. Whether a port can be bound is for `ProbeQueue` to say.
 */
export async function openSockets(ports: ReadonlySet<number>): Promise<readonly OpenSocket[]> {
  if (ports.size === 0) return [];
  if (process.platform === 'linux') return (await import('./proc-sockets.ts')).procSockets(ports);
  return (await import('./lsof.ts')).lsofSockets(ports);
}
