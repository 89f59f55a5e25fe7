import { one, type Steps } from '../../engine/steps.ts';
import type { OwnerIdentity } from '../../owner/identity.ts';

/** This process, as others may look for it. */
export interface Owner {
  readonly identity: OwnerIdentity;
  readonly host: string;
  readonly command: string;
  readonly cwd: string;
  /** Epoch ms. */
  readonly leaseUntil: number;
}

/** The row of an owner, with its lease renewed: a row never stands without one. */
export function* ownerRow({ identity, host, command, cwd, leaseUntil }: Owner): Steps<number> {
  const row = yield* one<{ id: number }>(
    `INSERT INTO owners (pid, started_at, boot_id, pid_namespace, host, command, cwd, lease_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (pid, started_at, boot_id, pid_namespace, host)
    DO UPDATE SET lease_until = MAX(lease_until, excluded.lease_until)
    RETURNING id`,
    ...[identity.pid, identity.startedAt, identity.bootId, identity.pidNamespace],
    ...[host, command, cwd, leaseUntil],
  );
  return row?.id ?? 0;
}
