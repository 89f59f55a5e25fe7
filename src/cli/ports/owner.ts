import type { Listener } from '../../ports.ts';

/** How much is known of the process behind a socket: all three facts, some or none. */
export type OwnerStatus = 'available' | 'partial' | 'unavailable';

export function ownerStatus({ owner }: Listener): OwnerStatus {
  const known = [owner?.pid, owner?.name, owner?.user].filter((fact) => fact !== undefined);
  if (known.length === 0) return 'unavailable';
  return known.length === 3 ? 'available' : 'partial';
}

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP' } as const;
const FAMILIES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;
const SCOPES = { localhost: 'localhost', all: 'all interfaces' } as const;

/** `TCP IPv4 localhost at 127.0.0.1` */
export function listenerText({ address, family, protocol, scope }: Listener): string {
  return `${PROTOCOLS[protocol]} ${FAMILIES[family]} ${SCOPES[scope]} at ${address}`;
}
