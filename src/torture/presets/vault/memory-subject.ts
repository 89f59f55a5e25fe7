import { createHash } from 'node:crypto';
import { Vault } from '../../../vault.ts';
import { LOCK_TIMEOUT_MS } from '../lock-timeout.ts';
import type { VaultSetup, VaultSubject } from './subject.ts';
import { subjectOf } from './vault-subject.ts';

export const isInMemory = true;

/** A vault in memory, named after the directory that it does not use. */
export async function openSubject({ dir }: VaultSetup): Promise<VaultSubject> {
  const name = createHash('sha256').update(dir).digest('hex');
  return subjectOf(await Vault.open({ ephemeral: true, name, lockTimeoutMs: LOCK_TIMEOUT_MS }));
}
