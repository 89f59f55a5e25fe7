import type { OpenSocket } from './open-socket.ts';

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
