export type { Audit, WatchOptions } from './vault/audit/audit.ts';
export type { AuditEvent, AuditRecord, FileFormat } from './vault/audit/event.ts';
export { FileSink } from './vault/audit/file-sink.ts';
export type { AuditSink, Begun, FollowOptions } from './vault/audit/follow.ts';
export type { AuditOptions } from './vault/audit/log.ts';
export { MemorySink } from './vault/audit/memory-sink.ts';
export type { AuditPolicy } from './vault/audit/use-log.ts';
export type {
  CleanupOptions,
  CreateOptions,
  ExpectOptions,
  KeyListOptions,
  KeyPage,
  KeyUpdate,
  Rotated,
  RotateOptions,
  Validity,
} from './vault/calls.ts';
export { type DamageOptions, findDamage } from './vault/doctor/damage.ts';
export type { VaultFinding, VaultFindingCode } from './vault/doctor/finding.ts';
export { type InspectOptions, inspectVault, type VaultInspection } from './vault/doctor/inspect.ts';
export type { ExportOptions } from './vault/exchange/export-key.ts';
export type { DirectoryReport, ImportDirectoryOptions } from './vault/exchange/import-directory.ts';
export type { ImportOptions } from './vault/exchange/import-key.ts';
export type { KeyConflict, KeyOutcome } from './vault/exchange/key-merge.ts';
export type { BackupOptions } from './vault/exchange/make-backup.ts';
export type { RestoreOptions, RestoreReport } from './vault/exchange/restore.ts';
export type { Finding } from './vault/exchange/rust-findings.ts';
export type { RustUnlock } from './vault/exchange/rust-master.ts';
export type { SecretConflict, SecretOutcome } from './vault/exchange/secret-merge.ts';
export { MaskStream } from './vault/hygiene/mask.ts';
export { type NamedSecrets, type Scrubbed, Scrubber } from './vault/hygiene/scrub.ts';
export { Secret } from './vault/hygiene/secret.ts';
export type { Algorithm } from './vault/keys/algorithm.ts';
export type { KeyId } from './vault/keys/key-id.ts';
export type { KeyInfo, KeyNanos } from './vault/keys/key-record.ts';
export type { KeyState } from './vault/keys/key-state.ts';
export type { EphemeralOptions, FileOptions, VaultOptions } from './vault/open.ts';
export { parseReference, type Reference, referenceText } from './vault/secrets/reference.ts';
export type {
  SecretInfo,
  SecretListOptions,
  SecretPage,
  Secrets,
  SetOptions,
} from './vault/secrets/secrets.ts';
export { createKeyFile, readKeyFile } from './vault/slots/key-file.ts';
export { type PasswordSource, readPassword } from './vault/slots/read-password.ts';
export { newRecoveryCode } from './vault/slots/recovery.ts';
export type { NewUnlock, Unlock } from './vault/unlock.ts';
export { type Ciphertext, parseCiphertext } from './vault/use/ciphertext.ts';
export type { DeriveOptions } from './vault/use/primitives.ts';
export { type BindOptions, type Mac, type Signed, Vault } from './vault/vault.ts';
export type { SlotInfo, Slots } from './vault/vault-slots.ts';
