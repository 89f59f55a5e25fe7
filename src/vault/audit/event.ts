import type { Algorithm } from '../keys/algorithm.ts';
import type { KeyId } from '../keys/key-id.ts';
import type { KeyState } from '../keys/key-state.ts';

/** All that a vault tells of. Events never hold a key, a secret or a password. */
export type AuditEvent =
  | { readonly kind: 'VaultCreated'; readonly slot: string }
  | {
      readonly kind: 'KeyCreated';
      readonly keyId: KeyId;
      readonly algorithm: Algorithm;
      readonly version: number;
    }
  | {
      readonly kind: 'KeyRotated';
      readonly baseId: KeyId;
      readonly oldVersion: number;
      readonly newVersion: number;
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
  | { readonly kind: 'EncryptionPerformed'; readonly keyId: KeyId; readonly sizeBytes: number }
  | { readonly kind: 'DecryptionPerformed'; readonly keyId: KeyId; readonly success: boolean }
  | {
      readonly kind: 'SecretChanged';
      readonly name: string;
      readonly version: number;
      readonly change: 'set' | 'tagged' | 'deleted' | 'undeleted' | 'shredded';
    }
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
