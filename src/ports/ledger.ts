import { all, type Effect, one, runWith, type Steps, type Warm } from '../engine/steps.ts';
import {
  keyText,
  type LeaseBook,
  type LeaseRow,
  leaseOf,
  sameLease,
  warmLeases,
} from './leases.ts';
import { addPort, type PortSet, removePort, warmPool } from './pool.ts';
import { Recent } from './recent.ts';
import {
  decodeAt,
  decodeReservation,
  type RawReservation,
  RESERVATION_COLUMNS,
  type Reservation,
  SECOND_MAX,
} from './reservation.ts';

const FIND = `SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE path = ? AND tag = ?`;
const FIND_PORT = `SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE port = ?`;
const AT_PATH = `SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE path = ? ORDER BY tag`;
const PAGE = `SELECT ${RESERVATION_COLUMNS} FROM reservations
  WHERE path > ? OR (path = ? AND tag > ?) ORDER BY path, tag LIMIT 1000`;
const INSERT = `INSERT INTO reservations
  (path, tag, port, project, task, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?)`;
const INSERT_IF_FREE = `${INSERT} ON CONFLICT DO NOTHING`;
const HAS_PORT = 'SELECT port FROM reservations WHERE port = ?';
const UPDATE = `UPDATE reservations
  SET port = ?, project = ?, task = ?, last_used_at = ? WHERE path = ? AND tag = ?`;
const TOUCH = 'UPDATE reservations SET last_used_at = ? WHERE path = ? AND tag = ?';
// True of at most one row, and of that only while it is what was remembered, with a time of last
// use that could be true: one that could not is reported and not written over.
const TOUCH_SAME = `UPDATE reservations SET last_used_at = ?
  WHERE path = ? AND tag = ? AND port = ? AND created_at = ?
  AND last_used_at BETWEEN 0 AND ${SECOND_MAX}
  AND project IS NOT DISTINCT FROM ? AND task IS NOT DISTINCT FROM ?`;
const DELETE = 'DELETE FROM reservations WHERE path = ? AND tag = ?';
const INSERT_LEASE = `INSERT INTO leases
  (path, tag, port, pid, started_at, boot_id, pid_namespace, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const DELETE_LEASE = 'DELETE FROM leases WHERE path = ? AND tag = ?';

/** Of a statement that changes neither which ports are taken nor who holds a lease. */
const NO_EFFECT: readonly Effect[] = [];

/**
 * The one place where reservations and leases are written, so that what is kept warm (the taken
 * ports and the leases) always moves with the rows. Its methods are steps of transaction bodies.
 */
export class Ledger {
  readonly pool: Warm<PortSet> = warmPool();
  readonly leases: Warm<LeaseBook> = warmLeases();
  /** What this handle last saw of a key: a guess that `touch` proves or drops, never the truth. */
  readonly #recent = new Recent();

  /** The reservation of a key, with its lease. @throws CORRUPT */
  *find(path: string, tag: string): Steps<Reservation | undefined> {
    const row = yield* one<RawReservation>(FIND, path, tag);
    if (row === undefined) return undefined;
    return withLease(decodeAt(row, path, tag), yield* this.leases.get());
  }

  /** @throws CORRUPT */
  *findPort(port: number): Steps<Reservation | undefined> {
    const row = yield* one<RawReservation>(FIND_PORT, port);
    return row && withLease(decodeReservation(row), yield* this.leases.get());
  }

  /** Every reservation of one directory, by tag. @throws CORRUPT */
  *atPath(path: string): Steps<readonly Reservation[]> {
    return yield* this.decoded(yield* all<RawReservation>(AT_PATH, path));
  }

  /** The next 1,000 reservations past a key, by path and tag. @throws CORRUPT */
  *page(path: string, tag: string): Steps<readonly Reservation[]> {
    return yield* this.decoded(yield* all<RawReservation>(PAGE, path, path, tag));
  }

  *decoded(rows: readonly RawReservation[]): Steps<readonly Reservation[]> {
    const leases = yield* this.leases.get();
    return rows.map((row) => withLease(decodeReservation(row), leases));
  }

  /** Whether a reservation has the port, whatever is remembered. */
  *isTaken(port: number): Steps<boolean> {
    return (yield* one(HAS_PORT, port)) !== undefined;
  }

  /** @throws CONSTRAINT when the key or the port is taken */
  *insert(row: Reservation): Steps<void> {
    yield* this.#insert(INSERT, row);
  }

  /** Answers false, and has done nothing, when the key or the port is taken. */
  *insertIfFree(row: Reservation): Steps<boolean> {
    return yield* this.#insert(INSERT_IF_FREE, row);
  }

  *#insert(sql: string, row: Reservation): Steps<boolean> {
    const changes = yield* runWith(
      [this.#taking(row.port)],
      sql,
      row.path,
      row.tag ?? '',
      row.port,
      row.project ?? null,
      row.task ?? null,
      row.createdAt / 1000,
      row.lastUsedAt / 1000,
    );
    if (changes === 0) return false;
    // Also clears a lease that trop left behind when it removed an earlier row of this key.
    yield* this.setLease(row, row.lease);
    return true;
  }

  /** Removes the row, whatever its fields are now, and its lease. */
  *remove(row: Reservation): Steps<void> {
    yield* this.setLease(row, undefined);
    yield* runWith([this.#freeing(row.port)], DELETE, row.path, row.tag ?? '');
  }

  /** Removes the row if it still is what was seen, field for field. */
  *removeUnchanged(seen: Reservation): Steps<boolean> {
    const found = yield* this.find(seen.path, seen.tag ?? '');
    if (found === undefined || !sameRow(found, seen)) return false;
    yield* this.remove(found);
    return true;
  }

  /**
   * Writes what changes in the life of a reservation: port, project, task, last use, lease.
   * @throws CONSTRAINT when another reservation has the port
   */
  *update(before: Reservation, after: Reservation): Steps<void> {
    const tag = after.tag ?? '';
    const seconds = after.lastUsedAt / 1000;
    if (
      before.port !== after.port ||
      before.project !== after.project ||
      before.task !== after.task
    ) {
      const { port, path } = after;
      yield* runWith(
        before.port === port ? NO_EFFECT : [this.#freeing(before.port), this.#taking(port)],
        UPDATE,
        port,
        after.project ?? null,
        after.task ?? null,
        seconds,
        path,
        tag,
      );
    } else if (before.lastUsedAt !== after.lastUsedAt) {
      // Within one second the row already says so, and a commit is spared.
      yield* runWith(NO_EFFECT, TOUCH, seconds, after.path, tag);
    }
    if (before.lease || after.lease) yield* this.setLease(after, after.lease);
  }

  /**
   * Marks a reservation as used in one statement, if this handle has seen it and it is unchanged;
   * else answers undefined and has done nothing.
   */
  *touch(path: string, tag: string, now: number): Steps<Reservation | undefined> {
    const seen = this.#recent.get(path, tag);
    if (seen === undefined || seen.lease || now <= seen.lastUsedAt) return undefined;
    if ((yield* this.leases.get()).size > 0) return undefined;
    const { port, project = null, task = null, createdAt } = seen;
    const changes = yield* runWith(
      NO_EFFECT,
      TOUCH_SAME,
      now / 1000,
      path,
      tag,
      port,
      createdAt / 1000,
      project,
      task,
    );
    return changes === 1 ? { ...seen, lastUsedAt: now } : undefined;
  }

  /** Keeps what a committed call has answered, for `touch`. */
  remember(row: Reservation): void {
    this.#recent.set(row);
  }

  #taking(port: number): Effect {
    return this.pool.effect(
      (set) => addPort(set, port),
      (set) => removePort(set, port),
    );
  }

  #freeing(port: number): Effect {
    return this.pool.effect(
      (set) => removePort(set, port),
      (set) => addPort(set, port),
    );
  }

  /** Gives the reservation this lease in place of the one it may have. */
  *setLease(row: Reservation, lease: Reservation['lease']): Steps<void> {
    const tag = row.tag ?? '';
    const key = keyText(row.path, tag);
    const old = (yield* this.leases.get()).get(key);
    const next = lease && leaseRow(row, lease);
    if (old === next || (old && next && sameLease(old, next))) return;
    if (old) yield* this.#dropLease(old);
    if (next) yield* this.#insertLease(next);
  }

  /** Ends the leased reservations whose lease still is what was judged to have ended. */
  *reap(ended: readonly LeaseRow[]): Steps<void> {
    for (const lease of ended) {
      const now = (yield* this.leases.get()).get(keyText(lease.path, lease.tag));
      if (now === undefined || !sameLease(now, lease)) continue;
      const found = yield* this.find(lease.path, lease.tag);
      if (found?.lease) yield* this.remove(found);
      else if (found) yield* this.setLease(found, undefined);
      else yield* this.#dropLease(lease);
    }
  }

  *#insertLease(row: LeaseRow): Steps<void> {
    const key = keyText(row.path, row.tag);
    const adding = this.leases.effect(
      (book) => void book.set(key, row),
      (book) => void book.delete(key),
    );
    yield* runWith(
      [adding],
      INSERT_LEASE,
      row.path,
      row.tag,
      row.port,
      row.pid,
      row.started_at,
      row.boot_id,
      row.pid_namespace,
      row.expires_at_ms,
    );
  }

  *#dropLease(row: LeaseRow): Steps<void> {
    const key = keyText(row.path, row.tag);
    const dropping = this.leases.effect(
      (book) => void book.delete(key),
      (book) => void book.set(key, row),
    );
    yield* runWith([dropping], DELETE_LEASE, row.path, row.tag);
  }
}

/** A lease counts only for the port it was given on: trop may have changed the row since. */
function withLease(row: Reservation, leases: LeaseBook): Reservation {
  if (leases.size === 0) return row;
  const lease = leases.get(keyText(row.path, row.tag ?? ''));
  return lease?.port === row.port ? { ...row, lease: leaseOf(lease) } : row;
}

function leaseRow(row: Reservation, lease: NonNullable<Reservation['lease']>): LeaseRow {
  return {
    path: row.path,
    tag: row.tag ?? '',
    port: row.port,
    pid: lease.pid,
    started_at: lease.startedAt,
    boot_id: lease.bootId,
    pid_namespace: lease.pidNamespace,
    expires_at_ms: lease.expiresAt ?? null,
  };
}

/** Whether two readings of one key are the same in every column of `reservations`. */
export function sameRow(a: Reservation, b: Reservation): boolean {
  return (
    a.port === b.port &&
    a.project === b.project &&
    a.task === b.task &&
    a.createdAt === b.createdAt &&
    a.lastUsedAt === b.lastUsedAt
  );
}
