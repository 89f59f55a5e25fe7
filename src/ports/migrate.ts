import type { Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import type { Migrated } from './calls.ts';
import { keyText } from './leases.ts';
import type { Ledger } from './ledger.ts';
import { rowsWithin } from './release.ts';
import type { Reservation } from './reservation.ts';

export interface MigrateRequest {
  readonly from: string;
  readonly to: string;
  readonly recursive: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/**
 * Plans and moves in one transaction, so that nothing released meanwhile comes back and nothing
 * reserved meanwhile is overwritten.
 * @throws NOT_FOUND, CONFLICT, CORRUPT
 */
export function* migrateBody(ledger: Ledger, request: MigrateRequest): Steps<Migrated> {
  const { from, to } = request;
  const sources = request.recursive ? yield* rowsWithin(ledger, from) : yield* ledger.atPath(from);
  if (sources.length === 0 && !request.recursive) {
    throw new HoldfastError('NOT_FOUND', `not found: reservation at ${from}`);
  }
  const moved = sources.map((row) => ({ from: row, to: movedPath(row.path, from, to) }));
  const present = yield* atDestination(ledger, moved);
  if (present.length > 0 && !request.force) {
    throw new HoldfastError(
      'CONFLICT',
      `reservation conflict: Found ${present.length} conflicting reservation(s) at destination. Use --force to overwrite.`,
    );
  }
  // What stands at a destination and moves on itself makes room by that.
  const leaving = new Set(sources.map(key));
  const replaced = present.filter((row) => !leaving.has(key(row)));
  if (request.dryRun) return { moved, replaced };
  for (const row of replaced) yield* ledger.remove(row);
  // All out before the first goes in: a directory may move into its own descendant.
  for (const { from: row } of moved) yield* ledger.remove(row);
  for (const { from: row, to: path } of moved) yield* ledger.insert({ ...row, path });
  return { moved, replaced };
}

function* atDestination(ledger: Ledger, moved: Migrated['moved']): Steps<readonly Reservation[]> {
  const present: Reservation[] = [];
  for (const { from, to } of moved) {
    const found = yield* ledger.find(to, from.tag ?? '');
    if (found !== undefined) present.push(found);
  }
  return present;
}

function key(row: Reservation): string {
  return keyText(row.path, row.tag ?? '');
}

/** `path`, which is `from` or lies below it, as it is called below `to`. */
function movedPath(path: string, from: string, to: string): string {
  const below = from === '/' ? path : path.slice(from.length);
  if (below === '' || below === '/') return to;
  return to === '/' ? below : to + below;
}
