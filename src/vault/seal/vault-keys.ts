import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Box } from '../crypto/box.ts';
import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';

export const ROOT_BYTES = 32;
export const VAULT_ID_BYTES = 16;

/**
 * What the root key of a vault is made into: one key for each purpose (HKDF-SHA256, the vault's id
 * as salt), so that none of them is ever used for two things.
 */
export interface VaultKeys {
  readonly vaultId: Uint8Array;
  /** Seals the material of keys and the values of secrets. */
  readonly records: Box;
  /** Seals the state of the whole vault. */
  readonly state: Box;
  /** Authenticates each record as a member of the vault. */
  readonly members: KeyObject;
  /** Chains the audit log. */
  readonly audit: KeyObject;
}

export function deriveVaultKeys(root: Uint8Array, vaultId: Uint8Array): VaultKeys {
  const keyFor = (purpose: string): KeyObject => {
    const bytes = hkdf('sha256', { key: root, salt: vaultId, info: infoOf(purpose) });
    try {
      return createSecretKey(bytes);
    } finally {
      wipe(bytes);
    }
  };
  return {
    vaultId,
    records: new Box(keyFor('records')),
    state: new Box(keyFor('state')),
    members: keyFor('members'),
    audit: keyFor('audit'),
  };
}

/**
 * 32 bytes by which a root key is known without being told: a slot that opens to another one opens
 * to the wrong vault.
 */
export function rootCommitment(root: Uint8Array, vaultId: Uint8Array): Buffer {
  return createHmac('sha256', root).update(transcript('holdfast vault root', vaultId)).digest();
}

function infoOf(purpose: string): Buffer {
  return transcript('holdfast vault', 1, purpose);
}
