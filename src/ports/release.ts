import { all, type Steps } from '../engine/steps.ts';
import type { Ledger } from './ledger.ts';
import { descendantBounds } from './path.ts';
import { type RawReservation, RESERVATION_COLUMNS, type Reservation } from './reservation.ts';

export interface ReleaseRequest {
  readonly path: string;
  /** Only this tag; '' is the reservation without a tag; undefined is every tag. */
  readonly tag: string | undefined;
  readonly recursive: boolean;
  readonly dryRun: boolean;
}

// Below a path the rows are a range of the key, read in pages that go on from the last key.
const BELOW = `SELECT ${RESERVATION_COLUMNS} FROM reservations
  WHERE path >= ? AND path < ? AND (path > ? OR (path = ? AND tag > ?))
  ORDER BY path, tag LIMIT 1000`;

/** Releases what matches, all or nothing, and answers what it was. @throws CORRUPT */
export function* releaseBody(
  ledger: Ledger,
  request: ReleaseRequest,
): Steps<readonly Reservation[]> {
  const rows = yield* matching(ledger, request);
  if (request.dryRun) return rows;
  for (const row of rows) yield* ledger.remove(row);
  return rows;
}

function* matching(ledger: Ledger, request: ReleaseRequest): Steps<readonly Reservation[]> {
  const { path, tag } = request;
  if (!request.recursive && tag !== undefined) {
    const found = yield* ledger.find(path, tag);
    return found === undefined ? [] : [found];
  }
  const rows = request.recursive ? yield* rowsWithin(ledger, path) : yield* ledger.atPath(path);
  return tag === undefined ? rows : rows.filter((row) => (row.tag ?? '') === tag);
}

/** Every reservation at a path and below it, by path and tag. @throws CORRUPT */
export function* rowsWithin(ledger: Ledger, path: string): Steps<readonly Reservation[]> {
  const rows = path === '/' ? [] : [...(yield* ledger.atPath(path))];
  const [first, past] = descendantBounds(path);
  let afterPath = '';
  let afterTag = '';
  for (;;) {
    const page = yield* ledger.decoded(
      yield* all<RawReservation>(BELOW, first, past, afterPath, afterPath, afterTag),
    );
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined) return rows;
    afterPath = last.path;
    afterTag = last.tag ?? '';
  }
}
