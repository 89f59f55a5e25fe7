import type { Algorithm } from '../keys/algorithm.ts';
import type { KeyId } from '../keys/key-id.ts';
import type { KeyState } from '../keys/key-state.ts';

/** Ours, or that of rust-keyvault 0.2. */
export type FileFormat = 'holdfast' | 'rust-keyvault-v1';

/** All that a vault tells of. Events never hold a key, a secret or a password. */
export type AuditEvent =
  | { readonly kind: 'VaultCreated'; readonly slot: string }
  | {
      readonly kind: 'KeyCreated';
      readonly keyId: KeyId;
      readonly algorithm: Algorithm;
      readonly version: number;
    }
  /** An Active new version has made the old one Deprecated; a Pending one has not yet. */
  | {
      readonly kind: 'KeyRotated';
      readonly baseId: KeyId;
      readonly oldVersion: number;
      readonly newVersion: number;
      readonly newState: KeyState;
    }
  | {
      readonly kind: 'KeyStateChanged';
      readonly keyId: KeyId;
      readonly oldState: KeyState;
      readonly newState: KeyState;
    }
  | { readonly kind: 'KeyUpdated'; readonly keyId: KeyId; readonly fields: readonly string[] }
  | { readonly kind: 'KeyDeleted'; readonly keyId: KeyId; readonly version: number }
  | { readonly kind: 'KeyAccessed'; readonly keyId: KeyId; readonly operation: string }
  | { readonly kind: 'KeyExported'; readonly keyId: KeyId; readonly format: FileFormat }
  | {
      readonly kind: 'KeyImported';
      readonly keyId: KeyId;
      readonly version: number;
      readonly change: 'created' | 'updated';
    }
  | {
      readonly kind: 'BackupMade';
      readonly format: FileFormat;
      readonly keys: number;
      readonly secrets: number;
    }
  /** What came in stands in the events before it, one for each key and secret. */
  | {
      readonly kind: 'BackupRestored';
      readonly format: FileFormat | 'rust-keyvault';
      readonly keys: number;
      readonly secrets: number;
    }
  | { readonly kind: 'EncryptionPerformed'; readonly keyId: KeyId; readonly sizeBytes: number }
  | { readonly kind: 'DecryptionPerformed'; readonly keyId: KeyId; readonly success: boolean }
  | {
      readonly kind: 'SecretChanged';
      readonly name: string;
      readonly version: number;
      readonly change: 'set' | 'tagged' | 'deleted' | 'undeleted' | 'restored' | 'shredded';
    }
  | { readonly kind: 'SecretAccessed'; readonly name: string; readonly version: number }
  | {
      readonly kind: 'SlotChanged';
      readonly slot: string;
      readonly change: 'added' | 'removed' | 'replaced';
    }
  | { readonly kind: 'AuthenticationAttempt'; readonly success: boolean; readonly at: number };

/** One line of the log. */
export interface AuditRecord {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Epoch ms. */
  readonly at: number;
  readonly event: AuditEvent;
}
