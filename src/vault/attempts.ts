import { all, one, run, type Steps } from '../engine/steps.ts';
import type { Change } from './keys/ledger.ts';
import { rowOf } from './seal/columns.ts';

/** So many are told one by one. */
const ATTEMPTS_MAX = 1000;

interface Attempt {
  readonly id: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Told by who has no key to chain it to the audit log; the next one who opens the vault does. */
export function* noteAttempt(at: number): Steps<void> {
  const row = yield* one<{ count: number }>('SELECT count(*) AS count FROM attempts');
  if ((row?.count ?? 0) < ATTEMPTS_MAX) yield* run('INSERT INTO attempts (at) VALUES (?)', at);
}

/** Those that are not in the log yet. @throws TAMPERED for rows that no attempt has written */
export function* failedAttempts(): Steps<readonly Attempt[]> {
  const rows = yield* all<Attempt>('SELECT id, at FROM attempts ORDER BY id LIMIT ?', ATTEMPTS_MAX);
  return rows.map((row) => rowOf(row, { id: 'count', at: 'count' }, 'a failed attempt'));
}

/** Moves them into the log. */
export function* takeAttempts(change: Change): Steps<void> {
  for (const { id, at } of yield* failedAttempts()) {
    yield* change.tell({ kind: 'AuthenticationAttempt', success: false, at });
    yield* run('DELETE FROM attempts WHERE id = ?', id);
  }
}
