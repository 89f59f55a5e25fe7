import { run, type Steps } from '../engine/steps.ts';
import type { Ledger } from './ledger.ts';
import type { PortSet } from './pool.ts';

/** Empties the tables under the lock; the file stays, for others may have it open. */
export function* clearBody(ledger: Ledger): Steps<number> {
  const before: PortSet = (yield* ledger.pool.get()).slice();
  const leases = new Map(yield* ledger.leases.get());
  const count = yield* run('DELETE FROM reservations');
  yield* run('DELETE FROM leases');
  yield* ledger.pool.change(
    (set) => void set.fill(0),
    (set) => set.set(before),
  );
  yield* ledger.leases.change(
    (book) => book.clear(),
    (book) => {
      for (const [key, row] of leases) book.set(key, row);
    },
  );
  return count;
}
