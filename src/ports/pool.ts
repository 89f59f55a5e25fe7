import { all, type Steps, Warm } from '../engine/steps.ts';
import { PORT_MAX, type PortRange } from './reservation.ts';

/** One bit a port: bit `port & 31` of word `port >>> 5`. */
export type PortSet = Uint32Array;

const WORDS = (PORT_MAX + 1) / 32;

export function emptyPortSet(): PortSet {
  return new Uint32Array(WORDS);
}

export function hasPort(set: PortSet, port: number): boolean {
  return ((word(set, port >>> 5) >>> (port & 31)) & 1) === 1;
}

export function addPort(set: PortSet, port: number): void {
  set[port >>> 5] = word(set, port >>> 5) | (1 << (port & 31));
}

export function removePort(set: PortSet, port: number): void {
  set[port >>> 5] = word(set, port >>> 5) & ~(1 << (port & 31));
}

function word(set: PortSet, index: number): number {
  return set[index] ?? 0;
}

/** The set of every port in `ranges`, made once for each array of ranges. */
export function portSetOf(ranges: readonly PortRange[]): PortSet {
  let set = compiled.get(ranges);
  if (set === undefined) {
    set = emptyPortSet();
    for (const range of ranges) {
      for (let port = range.min; port <= range.max; port++) addPort(set, port);
    }
    compiled.set(ranges, set);
  }
  return set;
}

const compiled = new WeakMap<readonly PortRange[], PortSet>();

/**
 * The lowest port from `from` to `max` in neither set, or undefined. `own` counts as not taken.
 * Reads a word of 32 ports at a time.
 */
export function nextFree(
  taken: PortSet,
  excluded: PortSet,
  from: number,
  max: number,
  own: number | undefined,
): number | undefined {
  if (from > max) return undefined;
  const last = max >>> 5;
  for (let index = from >>> 5; index <= last; index++) {
    let blocked = word(taken, index);
    if (own !== undefined && own >>> 5 === index) blocked &= ~(1 << (own & 31));
    blocked |= word(excluded, index);
    if (index === from >>> 5) blocked |= (1 << (from & 31)) - 1;
    if (blocked !== -1) {
      const free = ~blocked;
      const port = index * 32 + 31 - Math.clz32(free & -free);
      return port <= max ? port : undefined;
    }
  }
  return undefined;
}

/** Whether any port of `range` is in the set. */
export function overlaps(set: PortSet, range: PortRange): boolean {
  for (let port = range.min; port <= range.max; port++) {
    if (hasPort(set, port)) return true;
  }
  return false;
}

/** Every reserved port, kept warm: choosing a port costs the same however many are reserved. */
export function warmPool(): Warm<PortSet> {
  return new Warm(readPool);
}

function* readPool(): Steps<PortSet> {
  // A port out of range is a corrupt row: reported where rows are read, and in nobody's way here.
  const rows = yield* all<{ port: number }>(
    'SELECT port FROM reservations WHERE port BETWEEN 1 AND 65535',
  );
  const set = emptyPortSet();
  for (const { port } of rows) addPort(set, Math.trunc(port));
  return set;
}
