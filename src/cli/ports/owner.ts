import type { Listener, ProcessOwner } from '../../ports.ts';

/** How much is known of the process behind a socket: all three facts, some or none. */
export type OwnerStatus = 'available' | 'partial' | 'unavailable';

/** The process behind a socket, as every output names its fields. */
export interface OwnerFields {
  readonly process_id: number | null;
  readonly process_name: string | null;
  readonly user: string | null;
  readonly owner_status: OwnerStatus;
}

export function ownerFields(owner: ProcessOwner | undefined): OwnerFields {
  const facts = [owner?.pid ?? null, owner?.name ?? null, owner?.user ?? null] as const;
  const [process_id, process_name, user] = facts;
  const known = facts.filter((fact) => fact !== null).length;
  const status = known === 0 ? 'unavailable' : known === facts.length ? 'available' : 'partial';
  return { process_id, process_name, user, owner_status: status };
}

/** A socket that stands in the way, as every output names its fields. */
export function listenerFields({ address, family, owner, protocol, scope }: Listener) {
  return { protocol, address_family: family, scope, address, ...ownerFields(owner) };
}

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP' } as const;
const FAMILIES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;
const SCOPES = { localhost: 'localhost', all: 'all interfaces' } as const;

/** `TCP IPv4 localhost at 127.0.0.1` */
export function listenerText({ address, family, protocol, scope }: Listener): string {
  return `${PROTOCOLS[protocol]} ${FAMILIES[family]} ${SCOPES[scope]} at ${address}`;
}

/** ` by node (pid 12, user kim)`, as far as it can be seen; '' when nothing can. */
export function ownerText(owner: ProcessOwner | undefined): string {
  if (owner === undefined) return '';
  const { pid = 'unknown', name = 'a process', user = 'unknown' } = owner;
  return ` by ${name} (pid ${pid}, user ${user})`;
}
