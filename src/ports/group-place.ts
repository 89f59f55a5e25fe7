import { looksAtNothing, type Policy } from './policy.ts';
import { addPort, hasPort, type PortSet, portSetOf, removePort } from './pool.ts';
import type { Reservation } from './reservation.ts';
import type { CheckedService } from './services.ts';

export interface GroupWish {
  readonly policy: Policy;
  /** In the order of their tags. */
  readonly services: readonly CheckedService[];
  /** Where the search for a base begins. */
  readonly base: number;
}

export type GroupPorts = ReadonlyMap<CheckedService, number>;

/** A port for each service, or the ports whose verdict is missing. */
export type GroupPlace = { readonly ports: GroupPorts } | { readonly unseen: readonly number[] };

type Look = (port: number) => boolean | undefined;

/** Ports to look at in one go: a few milliseconds of probing. */
const LOOK_PORTS = 256;

/** Bases to look ahead once some were found occupied. */
const LOOK_BASES = 32;

/**
 * A port for each service: preferred ports that can be had (wherever they lie), and for the others
 * the first base that leaves all of them free inside the range; undefined when there is none. Ports
 * of `own` count as not taken.
 */
export function placeGroup(
  wish: GroupWish,
  taken: PortSet,
  own: readonly Reservation[],
  isFree: Look,
): GroupPlace | undefined {
  const look: Look = looksAtNothing(wish.policy.occupancy) ? () => true : isFree;
  const blocked = taken.slice();
  for (const { port } of own) removePort(blocked, port);
  const excluded = portSetOf(wish.policy.excluded);
  for (const [index, word] of excluded.entries()) blocked[index] = (blocked[index] ?? 0) | word;

  const pinned = pinPreferred(wish.services, blocked, look);
  if ('unseen' in pinned) return pinned;
  const rest = wish.services.filter((service) => !pinned.ports.has(service));
  if (rest.length === 0) return pinned;
  for (const port of pinned.ports.values()) addPort(blocked, port);
  const base = findBase(wish, rest, blocked, look);
  if (typeof base !== 'number') return base;
  const ports = wish.services.map(
    (service) => [service, pinned.ports.get(service) ?? base + service.offset] as const,
  );
  return { ports: new Map(ports) };
}

function pinPreferred(
  services: readonly CheckedService[],
  blocked: PortSet,
  look: Look,
): GroupPlace {
  const ports = new Map<CheckedService, number>();
  const unseen: number[] = [];
  for (const service of services) {
    const port = service.preferred;
    if (port === undefined || hasPort(blocked, port)) continue;
    const free = look(port);
    if (free === undefined) unseen.push(port);
    else if (free) ports.set(service, port);
  }
  return unseen.length > 0 ? { unseen } : { ports };
}

function findBase(
  { policy, base: start }: GroupWish,
  rest: readonly CheckedService[],
  blocked: PortSet,
  look: Look,
): number | { readonly unseen: readonly number[] } | undefined {
  const offsets = rest.map(({ offset }) => offset);
  const last = policy.max - Math.max(...offsets);
  const unseen = new Set<number>();
  let occupied = 0;
  let candidates = 0;
  for (let base = start; base <= last; base++) {
    if (offsets.some((offset) => hasPort(blocked, base + offset))) continue;
    const looks = offsets.map((offset) => look(base + offset));
    if (looks.includes(false)) {
      occupied += 1;
      continue;
    }
    if (!looks.includes(undefined)) {
      // A lower base may still turn out to be free: only the first candidate decides.
      if (unseen.size === 0) return base;
      break;
    }
    for (const [index, offset] of offsets.entries()) {
      if (looks[index] === undefined) unseen.add(base + offset);
    }
    candidates += 1;
    // Where nothing is occupied, the first base will do and no more need be looked at.
    if (candidates > Math.min(LOOK_BASES, occupied) || unseen.size >= LOOK_PORTS) break;
  }
  return unseen.size > 0 ? { unseen: [...unseen] } : undefined;
}
