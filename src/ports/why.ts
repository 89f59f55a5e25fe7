import { ephemeralRange } from './ephemeral.ts';
import type { OpenSocket } from './open-socket.ts';
import { openSockets } from './owners.ts';
import { defaultPolicy, type Policy } from './policy.ts';
import { probeQueue } from './probe-queue.ts';
import type { PortRange, Reservation } from './reservation.ts';

/** Why a port can or cannot be had. */
export interface Why {
  readonly port: number;
  readonly state: 'free' | 'reserved' | 'in use' | 'reserved, in use';
  readonly reservation: Reservation | undefined;
  /** The sockets on it, whatever their address. */
  readonly listeners: readonly OpenSocket[];
  /** Start of the oldest process that listens, epoch ms, where known. */
  readonly since: number | undefined;
  /** Whether the policy allows it to be handed out. */
  readonly inRange: boolean;
  readonly excluded: boolean;
  /** Whether the kernel may give it to an outgoing connection. */
  readonly ephemeral: boolean;
}

/** Every address, whatever a policy leaves out: this is for a person who wonders. */
const EVERYWHERE = { ...defaultPolicy.occupancy, allInterfaces: true };

/** Puts what is known of a port side by side. A failed probe is no obstacle. */
export async function explain(
  port: number,
  policy: Policy,
  reservation: Reservation | undefined,
): Promise<Why> {
  const listeners = await listenersOn(port);
  const starts = listeners.flatMap(({ owner }) => owner?.startedAt ?? []);
  const kernel = ephemeralRange();
  return {
    port,
    state: stateOf(reservation !== undefined, listeners.length > 0),
    reservation,
    listeners,
    since: starts.length > 0 ? Math.min(...starts) : undefined,
    inRange: contains(policy, port),
    excluded: policy.excluded.some((range) => contains(range, port)),
    ephemeral: kernel !== undefined && contains(kernel, port),
  };
}

async function listenersOn(port: number): Promise<readonly OpenSocket[]> {
  const verdict = (await probeQueue().probe([port], EVERYWHERE)).get(port);
  const seen = await openSockets(new Set([port]));
  if (seen.length > 0 || !verdict) return seen;
  // Without a view of other processes, what the probe ran into is all there is to show.
  return verdict.hits.map(({ protocol, family, address }) => ({
    protocol,
    family,
    address,
    port,
    owner: undefined,
  }));
}

function stateOf(reserved: boolean, inUse: boolean): Why['state'] {
  if (reserved) return inUse ? 'reserved, in use' : 'reserved';
  return inUse ? 'in use' : 'free';
}

function contains({ min, max }: PortRange, port: number): boolean {
  return min <= port && port <= max;
}
