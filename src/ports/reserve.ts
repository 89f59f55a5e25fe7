import { atomically, type Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import { type Blocked, choosePort, type PortWish } from './choose.ts';
import { type CleanedRows, cleanRows, idleSince } from './cleanup.ts';
import type { Ledger } from './ledger.ts';
import { type Metadata, type MetadataPermissions, mergeSticky } from './metadata.ts';
import type { Policy } from './policy.ts';
import type { PortSet } from './pool.ts';
import type { Lease, Reservation } from './reservation.ts';
import type { Knowledge, Need } from './scout.ts';

/** One call of `reserve`, checked and complete. */
export interface ReserveRequest extends PortWish {
  readonly path: string;
  /** '' for none. */
  readonly tag: string;
  readonly metadata: Metadata;
  /** For a new reservation, where `metadata` leaves a field undefined. */
  readonly inferred: Metadata;
  readonly permissions: MetadataPermissions;
  /** Allocate anew although the key has a port. */
  readonly overwrite: boolean;
  /** undefined leaves the lease as it is, null ends it (not the reservation). */
  readonly lease: Lease | null | undefined;
  /** Epoch ms, cut to seconds. Read when the body runs, which may be long after the call. */
  readonly now: () => number;
}

export type ReserveOutcome = 'created' | 'kept' | 'moved';

export interface Decided {
  readonly reservation: Reservation;
  readonly outcome: ReserveOutcome;
  readonly cleaned?: CleanedRows;
}

/**
 * The whole decision about one key, in one transaction: keep, move or create. When it lacks a fact
 * that only I/O can tell, it answers what it needs; the caller finds out and runs it again.
 * @throws STICKY_FIELD, PORTS_EXHAUSTED, CORRUPT
 */
export function* reserveBody(
  ledger: Ledger,
  request: ReserveRequest,
  known: Knowledge,
): Steps<Decided | Need> {
  if (asksNothing(request)) {
    const reservation = yield* ledger.touch(request.path, request.tag, request.now());
    if (reservation !== undefined) return { reservation, outcome: 'kept' };
  }
  if (known.ended !== undefined) yield* ledger.reap(known.ended);
  const found = yield* ledger.find(request.path, request.tag);
  if (found !== undefined) {
    // Whoever holds the lease may be dead, and then this reservation has ended.
    if (known.ended === undefined && mayHaveEnded(found, request)) return { need: 'owners' };
    if (!request.overwrite) return yield* renew(ledger, request, found, found.port);
    // A refused change is refused before anything is probed.
    mergeSticky(found, request.metadata, request.permissions);
  }
  // Ports of the dead are free ports.
  if (known.ended === undefined && (yield* ledger.leases.get()).size > 0) return { need: 'owners' };
  const place = yield* settle(ledger, request, found, known);
  if (!('blockers' in place)) return place;
  return yield* settleAfterCleanup(ledger, request, found, known, place);
}

/** Whether the call changes nothing about a key that has a port, but for the time of its last use. */
function asksNothing({ metadata, overwrite, lease }: ReserveRequest): boolean {
  return (
    metadata.project === undefined &&
    metadata.task === undefined &&
    !overwrite &&
    lease === undefined
  );
}

function mayHaveEnded(found: Reservation, request: ReserveRequest): boolean {
  if (found.lease === undefined) return false;
  const own = request.lease;
  return !(
    own &&
    own.pid === found.lease.pid &&
    own.startedAt === found.lease.startedAt &&
    own.bootId === found.lease.bootId &&
    own.pidNamespace === found.lease.pidNamespace
  );
}

/** Writes what a call changes about a key that has a port already. */
function* renew(
  ledger: Ledger,
  request: ReserveRequest,
  found: Reservation,
  port: number,
): Steps<Decided> {
  const reservation = {
    ...found,
    ...mergeSticky(found, request.metadata, request.permissions),
    port,
    lastUsedAt: Math.max(request.now(), found.createdAt),
    lease: leaseAfter(found, request.lease),
  };
  yield* ledger.update(found, reservation);
  return { reservation, outcome: port === found.port ? 'kept' : 'moved' };
}

/** A reservation without a lease is for good: a lease asked for later does not shorten it. */
export function leaseAfter(
  found: Reservation,
  wanted: Lease | null | undefined,
): Lease | undefined {
  if (wanted === undefined || found.lease === undefined) return found.lease;
  return wanted ?? undefined;
}

/** Allocates, or says what stands in the way. */
function* settle(
  ledger: Ledger,
  request: ReserveRequest,
  found: Reservation | undefined,
  known: Knowledge,
): Steps<Decided | Need | Blocked> {
  const place = yield* settleBeside(yield* ledger.pool.get(), ledger, request, found, known);
  if (!('blockers' in place)) return place;
  // What is remembered can be some ms behind a program that does not keep the epoch (trop, say).
  return yield* settleBeside(yield* ledger.pool.build(), ledger, request, found, known);
}

const TAKEN: Blocked = { blockers: ['reserved'] };

/** Allocates a port outside `taken`; it is blocked too when the chosen one is taken after all. */
function* settleBeside(
  taken: PortSet,
  ledger: Ledger,
  request: ReserveRequest,
  found: Reservation | undefined,
  known: Knowledge,
): Steps<Decided | Need | Blocked> {
  const choice = choosePort(request, taken, found?.port, known.isFree);
  if ('blockers' in choice) return choice;
  if ('unseen' in choice) {
    return { need: 'probe', ports: [choice.unseen], scanning: choice.scanning };
  }
  const { port } = choice;
  if (found === undefined) return (yield* create(ledger, request, port)) ?? TAKEN;
  if (port !== found.port && (yield* ledger.isTaken(port))) return TAKEN;
  return yield* renew(ledger, request, found, port);
}

/** Answers undefined, and has done nothing, when the port is taken. */
function* create(
  ledger: Ledger,
  request: ReserveRequest,
  port: number,
): Steps<Decided | undefined> {
  const now = request.now();
  const { metadata, inferred } = request;
  const reservation: Reservation = {
    path: request.path,
    tag: request.tag === '' ? undefined : request.tag,
    port,
    project: (metadata.project === undefined ? inferred.project : metadata.project) ?? undefined,
    task: (metadata.task === undefined ? inferred.task : metadata.task) ?? undefined,
    createdAt: now,
    lastUsedAt: now,
    lease: request.lease ?? undefined,
  };
  return (yield* ledger.insertIfFree(reservation))
    ? { reservation, outcome: 'created' }
    : undefined;
}

/**
 * Prunes and expires, then allocates once more, all or nothing: when the range stays exhausted or a
 * verdict is missing, the removed rows are back.
 * @throws PORTS_EXHAUSTED
 */
function* settleAfterCleanup(
  ledger: Ledger,
  request: ReserveRequest,
  found: Reservation | undefined,
  known: Knowledge,
  blocked: Blocked,
): Steps<Decided | Need> {
  const { policy } = request;
  if (!policy.autoprune && !policy.autoexpire) throw exhausted(policy, blocked, undefined);
  if (policy.autoprune && known.inspection === undefined) return { need: 'inspection' };
  try {
    return yield* atomically(function* () {
      const cleaned = yield* cleanRows(ledger, {
        inspection: policy.autoprune ? known.inspection : undefined,
        expireBefore: policy.autoexpire ? idleSince(request.now(), policy) : undefined,
        keep: found,
      });
      const place = yield* settle(ledger, request, found, known);
      if ('blockers' in place) throw exhausted(policy, place, cleaned);
      if ('need' in place) throw new Unready(place);
      return { ...place, cleaned };
    });
  } catch (error) {
    if (error instanceof Unready) return error.need;
    throw error;
  }
}

/** Leaves the cleanup, so that it is undone, to find out what is needed. */
class Unready extends Error {
  readonly need: Need;

  constructor(need: Need) {
    super('a verdict is missing');
    this.need = need;
  }
}

function exhausted(
  policy: Policy,
  { blockers }: Blocked,
  cleaned: CleanedRows | undefined,
): HoldfastError {
  const range = `no available ports: port range ${policy.min}-${policy.max} exhausted`;
  const remaining = blockers.join(', ');
  if (cleaned === undefined) {
    return new HoldfastError(
      'PORTS_EXHAUSTED',
      `${range}: cleanup was skipped (automatic pruning and expiration disabled); remaining blockers: ${remaining}`,
    );
  }
  const off = policy.autoprune ? (policy.autoexpire ? [] : ['expiration']) : ['pruning'];
  const disabled = off.map((kind) => `; automatic ${kind} disabled`).join('');
  return new HoldfastError(
    'PORTS_EXHAUSTED',
    `${range} after cleanup: remaining blockers after the single retry: ${remaining}; automatic cleanup pruned ${cleaned.pruned.length} and expired ${cleaned.expired.length} reservation(s)${disabled}`,
  );
}
