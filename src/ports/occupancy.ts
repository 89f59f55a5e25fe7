import type { OpenSocket, ProcessOwner } from './open-socket.ts';
import { openSockets } from './owners.ts';
import { looksAtNothing, type OccupancyPolicy } from './policy.ts';
import type { Endpoint } from './probe.ts';
import { probeQueue, type Verdict } from './probe-queue.ts';
import type { PortRange, Reservation } from './reservation.ts';

/** A probed endpoint that is taken, and by whom if that can be seen. */
export interface Listener extends Endpoint {
  readonly owner?: ProcessOwner | undefined;
}

/** The sockets of one port under one policy, and its reservation. */
export interface Occupancy {
  readonly port: number;
  /** False when the policy probes nothing. */
  readonly checked: boolean;
  readonly occupied: boolean;
  /** In the order of `endpointsToProbe`. */
  readonly listeners: readonly Listener[];
  readonly reservation: Reservation | undefined;
}

/** Probes one port and names who sits on it. @throws PROBE_FAILED */
export async function lookAtPort(
  port: number,
  policy: OccupancyPolicy,
  reservation: Reservation | undefined,
): Promise<Occupancy> {
  const verdicts = (await probeQueue().probe([port], policy)).values();
  const reserved = new Map(reservation && [[port, reservation]]);
  const [occupancy] = await describe([...verdicts], policy, reserved);
  return (
    occupancy ?? {
      port,
      checked: !looksAtNothing(policy),
      occupied: false,
      listeners: [],
      reservation,
    }
  );
}

/**
 * Probes a range and answers the ports that are taken, in ascending order. `reserved` holds the
 * reservations by port.
 * @throws PROBE_FAILED for the first port whose probe answers neither way; the signal's reason
 */
export async function scanPorts(
  { min, max }: PortRange,
  policy: OccupancyPolicy,
  reserved: ReadonlyMap<number, Reservation>,
  signal?: AbortSignal,
): Promise<readonly Occupancy[]> {
  const ports = Array.from({ length: max - min + 1 }, (_, index) => min + index);
  const verdicts = (await probeQueue().probe(ports, policy, signal)).values();
  return describe([...verdicts], policy, reserved);
}

async function describe(
  verdicts: readonly Verdict[],
  policy: OccupancyPolicy,
  reserved: ReadonlyMap<number, Reservation>,
): Promise<readonly Occupancy[]> {
  for (const { error } of verdicts) if (error) throw error;
  const taken = verdicts.filter(({ state }) => state === 'occupied');
  const sockets = await openSockets(new Set(taken.map(({ port }) => port)));
  const checked = !looksAtNothing(policy);
  return taken.map(({ port, hits }) => ({
    port,
    checked,
    occupied: true,
    listeners: hits.map((hit) => ({ ...hit, owner: ownerBehind(port, hit, sockets) })),
    reservation: reserved.get(port),
  }));
}

function ownerBehind(
  port: number,
  hit: Endpoint,
  sockets: readonly OpenSocket[],
): ProcessOwner | undefined {
  return sockets.find((socket) => socket.port === port && refuses(socket, hit))?.owner;
}

/** Whether this socket explains that the endpoint could not be bound. */
function refuses(socket: OpenSocket, hit: Endpoint): boolean {
  if (socket.protocol !== hit.protocol) return false;
  // A dual-stack socket is listed once, under IPv6.
  if (socket.family !== hit.family) return socket.address === '::' && hit.family === 'ipv4';
  return socket.address === hit.address || hit.scope === 'all' || isWildcard(socket.address);
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
