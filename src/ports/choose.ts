import { looksAtNothing, type Policy } from './policy.ts';
import { hasPort, nextFree, overlaps, type PortSet, portSetOf } from './pool.ts';

/** Whether a port is unoccupied, or undefined when nobody has looked. */
export type Look = (port: number) => boolean | undefined;

/** What one call wants of a single port. */
export interface PortWish {
  readonly policy: Policy;
  readonly preferred: number | undefined;
  /** Both concern the preferred port only. */
  readonly ignoreOccupied: boolean;
  readonly ignoreExclusions: boolean;
}

export type Blocker = 'reserved' | 'excluded' | 'occupied';

/** A port, or the one whose verdict is missing, or what stands in the way everywhere. */
export type Choice =
  | { readonly port: number }
  | { readonly unseen: number; readonly scanning: boolean }
  | Blocked;

export interface Blocked {
  readonly blockers: readonly Blocker[];
}

/**
 * The preferred port if it can be had, else the lowest port of the range that is neither taken nor
 * excluded nor occupied. `own` is the caller's present port and counts as not taken.
 */
export function choosePort(
  wish: PortWish,
  taken: PortSet,
  own: number | undefined,
  isFree: Look,
): Choice {
  const look = looksAtNothing(wish.policy.occupancy) ? alwaysFree : isFree;
  return preferred(wish, taken, own, look) ?? lowest(wish.policy, taken, own, look);
}

function alwaysFree(): boolean {
  return true;
}

function preferred(
  wish: PortWish,
  taken: PortSet,
  own: number | undefined,
  look: Look,
): Choice | undefined {
  const { preferred: port, policy } = wish;
  if (port === undefined) return undefined;
  if (port !== own && hasPort(taken, port)) return undefined;
  if (!wish.ignoreExclusions && isExcluded(policy, port)) return undefined;
  if (wish.ignoreOccupied) return { port };
  const free = look(port);
  if (free === undefined) return { unseen: port, scanning: false };
  return free ? { port } : undefined;
}

/** Out of range counts as excluded. */
function isExcluded(policy: Policy, port: number): boolean {
  return port < policy.min || port > policy.max || hasPort(portSetOf(policy.excluded), port);
}

function lowest(policy: Policy, taken: PortSet, own: number | undefined, look: Look): Choice {
  const excluded = portSetOf(policy.excluded);
  let occupied = false;
  for (let from = policy.min; ; ) {
    const port = nextFree(taken, excluded, from, policy.max, own);
    if (port === undefined) return { blockers: blockers(policy, taken, excluded, occupied) };
    const free = look(port);
    if (free) return { port };
    if (free === undefined) return { unseen: port, scanning: true };
    occupied = true;
    from = port + 1;
  }
}

function blockers(
  policy: Policy,
  taken: PortSet,
  excluded: PortSet,
  occupied: boolean,
): readonly Blocker[] {
  const found: Blocker[] = [];
  if (overlaps(taken, policy)) found.push('reserved');
  if (overlaps(excluded, policy)) found.push('excluded');
  if (occupied) found.push('occupied');
  return found;
}
