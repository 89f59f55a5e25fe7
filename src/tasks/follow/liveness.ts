import { ownerState } from '../../owner/identity.ts';
import type { OwnerRecord } from '../model/record.ts';
import { identityOf, type OwnerRow } from '../read/jobs.ts';
import type { GoneOwner } from '../write/reap.ts';

/**
 * Where a process cannot be looked at (it is in another pid namespace), its lease is all there is. It
 * is presumed dead this long after the lease ran out: a minute after it last gave a sign.
 */
const PRESUMED_AFTER_MS = 45_000;

/** Which of these owners will end their tasks no more. */
export function goneOwners(owners: readonly OwnerRow[], nowMs: number): readonly GoneOwner[] {
  const gone: GoneOwner[] = [];
  for (const owner of owners) {
    const state = ownerState(identityOf(owner));
    if (state === 'dead') gone.push({ id: owner.id });
    else if (state === 'unknown' && owner.lease_until + PRESUMED_AFTER_MS < nowMs) {
      gone.push({ id: owner.id, leaseUntil: owner.lease_until });
    }
  }
  return gone;
}

/** An owner with what can be seen of its process now. */
export function ownerRecord(row: OwnerRow, nowMs: number): OwnerRecord {
  const { id, pid, host, command, cwd, lease_until: leaseUntil } = row;
  const isDead = ownerState(identityOf(row)) === 'dead';
  const state = isDead ? 'dead' : leaseUntil < nowMs ? 'unresponsive' : 'alive';
  return { id, pid, host, command, cwd, leaseUntil, state };
}
