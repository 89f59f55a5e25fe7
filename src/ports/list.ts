import type { Engine } from '../engine/engine.ts';
import { all, type Steps } from '../engine/steps.ts';
import { wrongArgument } from '../errors.ts';
import type { Ledger } from './ledger.ts';
import { canonicalPath, isWithin } from './path.ts';
import { type RawReservation, RESERVATION_COLUMNS, type Reservation } from './reservation.ts';

export interface ListFilter {
  readonly project?: string | undefined;
  readonly tag?: string | undefined;
  /** This directory and what is below it, by text or with the links of both followed. */
  readonly path?: string | undefined;
}

export interface Page {
  readonly items: readonly Reservation[];
  /** Goes on after the last item; undefined at the end. */
  readonly cursor: string | undefined;
}

const FIRST_TO_LAST = `(path > ? OR (path = ? AND tag > ?)) ORDER BY path, tag LIMIT ?`;
const SELECT = `SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE`;
const EVERY = `${SELECT} ${FIRST_TO_LAST}`;
const OF_PROJECT = `${SELECT} project = ? AND ${FIRST_TO_LAST}`;
const OF_TAG = `${SELECT} tag = ? AND ${FIRST_TO_LAST}`;
const OF_BOTH = `${SELECT} project = ? AND tag = ? AND ${FIRST_TO_LAST}`;

interface Position {
  readonly path: string;
  readonly tag: string;
}

const START: Position = { path: '', tag: '' };

/** Up to `limit` rows past `after` that match project and tag. @throws CORRUPT */
export function* listBody(
  ledger: Ledger,
  { project, tag }: ListFilter,
  after: Position,
  limit: number,
): Steps<readonly Reservation[]> {
  const { path } = after;
  const tail = [path, path, after.tag, limit] as const;
  let rows: RawReservation[];
  if (project === undefined) {
    rows = yield* tag === undefined
      ? all<RawReservation>(EVERY, ...tail)
      : all<RawReservation>(OF_TAG, tag, ...tail);
  } else {
    rows = yield* tag === undefined
      ? all<RawReservation>(OF_PROJECT, project, ...tail)
      : all<RawReservation>(OF_BOTH, project, tag, ...tail);
  }
  return yield* ledger.decoded(rows);
}

/**
 * One page, ordered by path and tag. `keep` may leave out rows; pages are then filled up from the
 * next ones.
 */
export async function listPage(
  engine: Engine,
  ledger: Ledger,
  filter: ListFilter,
  cursor: string | undefined,
  limit: number,
  keep: (rows: readonly Reservation[]) => Promise<readonly Reservation[]>,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const items: Reservation[] = [];
  let after = cursor === undefined ? START : parseCursor(cursor);
  for (;;) {
    const from = after;
    const want = limit - items.length;
    const rows = await engine.read(() => listBody(ledger, filter, from, want), { signal });
    items.push(...(await keep(await within(filter.path, rows))));
    const last = rows.at(-1);
    if (last === undefined || rows.length < want) return { items, cursor: undefined };
    after = { path: last.path, tag: last.tag ?? '' };
    if (items.length === limit) return { items, cursor: formatCursor(after) };
  }
}

function formatCursor({ path, tag }: Position): string {
  return Buffer.from(`${path}\0${tag}`).toString('base64url');
}

function parseCursor(cursor: string): Position {
  const [path, tag, ...rest] = Buffer.from(cursor, 'base64url').toString().split('\0');
  if (path === undefined || tag === undefined || rest.length > 0) {
    throw wrongArgument('type', `${cursor} is not a cursor that list has answered`);
  }
  return { path, tag };
}

async function within(
  directory: string | undefined,
  rows: readonly Reservation[],
): Promise<readonly Reservation[]> {
  if (directory === undefined || rows.length === 0) return rows;
  const real = canonicalPath(directory);
  const verdicts = new Map<string, boolean>();
  for (const { path } of rows) {
    if (verdicts.has(path)) continue;
    verdicts.set(path, isWithin(directory, path) || isWithin(real, canonicalPath(path)));
  }
  return rows.filter((row) => verdicts.get(row.path));
}

/** Every project that a reservation has, in the order of bytes. */
export function* projectsBody(): Steps<readonly string[]> {
  const rows = yield* all<{ project: string }>(
    'SELECT DISTINCT project FROM reservations WHERE project IS NOT NULL ORDER BY project',
  );
  return rows.map((row) => row.project);
}
