import { run, type Steps } from '../engine/steps.ts';

/** Empties the tables under the lock; the file stays, for others may have it open. */
export function* clearBody(): Steps<number> {
  const count = yield* run('DELETE FROM reservations');
  yield* run('DELETE FROM leases');
  return count;
}
