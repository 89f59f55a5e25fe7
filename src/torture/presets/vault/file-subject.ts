import { join } from 'node:path';
import { Vault } from '../../../vault.ts';
import { LOCK_TIMEOUT_MS } from '../lock-timeout.ts';
import type { VaultSetup, VaultSubject } from './subject.ts';
import { subjectOf } from './vault-subject.ts';

/** A vault in a file, behind a key file: no password has to be stretched. */
export async function openSubject({ dir }: VaultSetup): Promise<VaultSubject> {
  const unlock = { keyFile: join(dir, 'key') };
  return subjectOf(await Vault.open({ dir, unlock, lockTimeoutMs: LOCK_TIMEOUT_MS }));
}
