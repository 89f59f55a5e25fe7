import { all, type Steps, Warm } from '../engine/steps.ts';
import type { OwnerIdentity } from '../owner/identity.ts';
import type { Lease } from './reservation.ts';

/** A row of `leases`. */
export interface LeaseRow {
  readonly path: string;
  readonly tag: string;
  readonly port: number;
  readonly pid: number;
  readonly started_at: string;
  readonly boot_id: string;
  readonly pid_namespace: string;
  readonly expires_at_ms: number | null;
}

/** Every lease by key. Most stores hold few or none, so all of them are kept. */
export type LeaseBook = Map<string, LeaseRow>;

/** NUL stands in no path and in no tag. */
export function keyText(path: string, tag: string): string {
  return `${path}\0${tag}`;
}

export function warmLeases(): Warm<LeaseBook> {
  return new Warm(readLeases);
}

function* readLeases(): Steps<LeaseBook> {
  const rows = yield* all<LeaseRow>(
    'SELECT path, tag, port, pid, started_at, boot_id, pid_namespace, expires_at_ms FROM leases',
  );
  return new Map(rows.map((row) => [keyText(row.path, row.tag), { ...row }]));
}

export function leaseOf(row: LeaseRow): Lease {
  return {
    pid: row.pid,
    startedAt: row.started_at,
    bootId: row.boot_id,
    pidNamespace: row.pid_namespace,
    expiresAt: row.expires_at_ms ?? undefined,
  };
}

export function sameOwner(row: LeaseRow, owner: OwnerIdentity): boolean {
  return (
    row.pid === owner.pid &&
    row.started_at === owner.startedAt &&
    row.boot_id === owner.bootId &&
    row.pid_namespace === owner.pidNamespace
  );
}

export function sameLease(a: LeaseRow, b: LeaseRow): boolean {
  return (
    a.port === b.port &&
    a.pid === b.pid &&
    a.started_at === b.started_at &&
    a.boot_id === b.boot_id &&
    a.pid_namespace === b.pid_namespace &&
    a.expires_at_ms === b.expires_at_ms
  );
}

/**
 * The leases of `book` that have ended: the owner is known to be dead, or it cannot be looked at
 * from here (another pid namespace) and the lease's own time is over. An owner known to be alive
 * keeps its lease past that time: expiry never frees what is in use.
 */
export async function endedLeases(book: LeaseBook, nowMs: number): Promise<readonly LeaseRow[]> {
  if (book.size === 0) return [];
  const { ownerState } = await import('../owner/identity.ts');
  const states = new Map<string, 'alive' | 'dead' | 'unknown'>();
  return [...book.values()].filter((row) => {
    const owner = { ...leaseOf(row), expiresAt: undefined };
    const key = `${row.pid}\0${row.started_at}\0${row.boot_id}\0${row.pid_namespace}`;
    const state = states.get(key) ?? ownerState(owner);
    states.set(key, state);
    return (
      state === 'dead' ||
      (state === 'unknown' && row.expires_at_ms !== null && row.expires_at_ms <= nowMs)
    );
  });
}
