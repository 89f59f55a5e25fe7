import { one, type Steps } from '../../engine/steps.ts';
import type { OwnerIdentity } from '../../owner/identity.ts';

/** How long others take an owner for alive after it last said so. */
export const LEASE_MS = 15_000;

/** This process, as others may look for it. */
export interface Owner {
  /** Of its row, if it had one: who follows that row goes on when it was taken away meanwhile. */
  readonly id?: number | undefined;
  readonly identity: OwnerIdentity;
  readonly host: string;
  readonly command: string;
  readonly cwd: string;
  /** Epoch ms. */
  readonly leaseUntil: number;
}

/** The row of an owner, with its lease renewed: a row never stands without one. */
export function* ownerRow({ id, identity, host, command, cwd, leaseUntil }: Owner): Steps<number> {
  const row = yield* one<{ id: number }>(
    `INSERT INTO owners (id, pid, started_at, boot_id, pid_namespace, host, command, cwd, lease_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET lease_until = MAX(lease_until, excluded.lease_until)
    RETURNING id`,
    ...[id ?? null, identity.pid, identity.startedAt, identity.bootId, identity.pidNamespace],
    ...[host, command, cwd, leaseUntil],
  );
  return row?.id ?? 0;
}
