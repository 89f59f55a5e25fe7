import type { KeyObject } from 'node:crypto';
import { all, one, type Steps } from '../../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import type { AuditEnd } from '../seal/vault-state.ts';
import { type AuditRow, type LogPosition, recordOf } from './chain.ts';
import type { AuditRecord } from './event.ts';

const LIMIT = 1000;
const LIMIT_MAX = 10_000;
const AT = 'SELECT sequence, at, event, detail, mac FROM audit WHERE sequence = ?';
const PAGE =
  'SELECT sequence, at, event, detail, mac FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?';

export interface AuditOptions {
  /** `sequence` of the last event that is known already; from the first one by default. */
  readonly after?: number | undefined;
  /** Default 1,000; at most 10,000. */
  readonly limit?: number | undefined;
  /** The last so many there are, at most 10,000, in place of a page. */
  readonly last?: number | undefined;
}

/**
 * Events of the log in their order, each held against the one before it, and the last one there is
 * against the state of the vault.
 * @throws TAMPERED, RangeError
 */
export function* auditBody(
  key: KeyObject,
  end: AuditEnd,
  options: AuditOptions,
): Steps<readonly AuditRecord[]> {
  const { last: count } = options;
  const limit = count ?? options.limit ?? LIMIT;
  const after = count === undefined ? (options.after ?? 0) : Math.max(0, end.sequence - count);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw wrongArgument('range', `limit must be from 1 to ${LIMIT_MAX}, not ${limit}`);
  }
  if (!Number.isSafeInteger(after) || after < 0) {
    throw wrongArgument('range', `after must be a whole number from 0, not ${after}`);
  }
  if (after >= end.sequence) return [];
  let last = yield* positionAt(Math.max(after, end.firstSequence), end);
  const records: AuditRecord[] = [];
  for (const row of yield* all<AuditRow>(PAGE, last.sequence, limit)) {
    records.push(recordOf(key, last, row));
    last = row;
  }
  if (records.length < limit && !isSame(last, end)) throw cutOff(last.sequence, end.sequence);
  return records;
}

/** What the event after it is chained to. */
function* positionAt(sequence: number, end: AuditEnd): Steps<LogPosition> {
  if (sequence === end.firstSequence) return { sequence, mac: end.firstMac };
  const row = yield* one<AuditRow>(AT, sequence);
  if (row) return row;
  throw cutOff(sequence - 1, end.sequence);
}

function isSame(last: LogPosition, { sequence, mac }: AuditEnd): boolean {
  return last.sequence === sequence && Buffer.compare(last.mac, mac) === 0;
}

function cutOff(found: number, expected: number): HoldfastError {
  return new HoldfastError(
    'TAMPERED',
    `the audit log is not as the vault wrote it: it ends at event ${found} of ${expected}`,
  );
}
