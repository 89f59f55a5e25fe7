import { all, type Steps } from '../engine/steps.ts';
import { keyText, type LeaseRow } from './leases.ts';
import { type Ledger, sameRow } from './ledger.ts';
import { type RawReservation, RESERVATION_COLUMNS, type Reservation } from './reservation.ts';

/** What a look at the reserved directories found, just before the transaction. */
export interface Inspection {
  /** Rows whose directory is missing, as they were when it was looked at. */
  readonly missing: readonly Reservation[];
  /** One line for each directory that could not be looked at; its rows stay. */
  readonly warnings: readonly string[];
}

export interface CleanedRows {
  readonly pruned: readonly Reservation[];
  readonly expired: readonly Reservation[];
  readonly warnings: readonly string[];
}

export interface CleanupPlan {
  /** Prune what this found missing; undefined prunes nothing. */
  readonly inspection: Inspection | undefined;
  /** Expire what was last used before this (epoch ms); undefined expires nothing. */
  readonly expireBefore: number | undefined;
  /** A reservation to leave alone. */
  readonly keep?: Reservation | undefined;
  /** Only tell what would go. */
  readonly dryRun?: boolean | undefined;
}

const IDLE = `SELECT ${RESERVATION_COLUMNS} FROM reservations
  WHERE last_used_at < ? AND (path > ? OR (path = ? AND tag > ?))
  ORDER BY path, tag LIMIT 1000`;

const DAY_MS = 86_400_000;

/** What was last used before this (epoch ms) is idle for more than the policy's days. */
export function idleSince(nowMs: number, policy: { readonly expireAfterDays: number }): number {
  return nowMs - policy.expireAfterDays * DAY_MS;
}

/**
 * Prunes and expires. A row that is not what was looked at (it was used again, or made anew) stays;
 * one that both reasons hit counts as pruned.
 */
export function* cleanRows(ledger: Ledger, plan: CleanupPlan): Steps<CleanedRows> {
  const pruned: Reservation[] = [];
  const prunedKeys = new Set<string>();
  for (const row of plan.inspection?.missing ?? []) {
    if (sameKey(row, plan.keep)) continue;
    if (!(yield* removed(ledger, row, plan.dryRun))) continue;
    pruned.push(row);
    prunedKeys.add(keyText(row.path, row.tag ?? ''));
  }
  const expired: Reservation[] = [];
  for (const row of yield* idleRows(ledger, plan.expireBefore)) {
    if (sameKey(row, plan.keep) || prunedKeys.has(keyText(row.path, row.tag ?? ''))) continue;
    if (yield* removed(ledger, row, plan.dryRun)) expired.push(row);
  }
  return { pruned, expired, warnings: plan.inspection?.warnings ?? [] };
}

function* removed(ledger: Ledger, row: Reservation, dryRun: boolean | undefined): Steps<boolean> {
  if (!dryRun) return yield* ledger.removeUnchanged(row);
  const found = yield* ledger.find(row.path, row.tag ?? '');
  return found !== undefined && sameRow(found, row);
}

function* idleRows(ledger: Ledger, before: number | undefined): Steps<readonly Reservation[]> {
  if (before === undefined) return [];
  const rows: Reservation[] = [];
  let path = '';
  let tag = '';
  for (;;) {
    const page = yield* ledger.decoded(
      yield* all<RawReservation>(IDLE, before / 1000, path, path, tag),
    );
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined) return rows;
    path = last.path;
    tag = last.tag ?? '';
  }
}

function sameKey(a: Reservation, b: Reservation | undefined): boolean {
  return b !== undefined && a.path === b.path && a.tag === b.tag;
}

/** Removes what leases have ended, then what the plan says. */
export function* cleanBody(
  ledger: Ledger,
  plan: CleanupPlan,
  ended: readonly LeaseRow[],
): Steps<CleanedRows> {
  if (!plan.dryRun) yield* ledger.reap(ended);
  return yield* cleanRows(ledger, plan);
}
