import type { AuditEvent, AuditRecord } from '../audit/event.ts';
import { wipe } from '../hygiene/wipe.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type CarriedKey, readKey, writeKey } from './carried-key.ts';
import { type CarriedSecret, readSecret, writeSecret } from './carried-secret.ts';

/** What a backup of ours has: a vault as it was between two transactions. */
export interface VaultCopy {
  /** Epoch ms of the vault's last change. */
  readonly at: number;
  /** Of the vault; a later copy of it has a higher one. */
  readonly revision: number;
  readonly keys: readonly CarriedKey[];
  readonly secrets: readonly CarriedSecret[];
  /** Empty unless asked for. No vault takes it over into its own log. */
  readonly audit: readonly AuditRecord[];
}

const EVENT_MAX_BYTES = 1024 * 1024;

/**
 * The contents of a backup of ours:
 *
 *     0   · 8 · epoch ms of the vault's last change
 *     8   · 8 · revision of the vault
 *     16  · 4 · number of keys; then the keys
 *     …   · 4 · number of secrets; then the secrets
 *     …   · 4 · number of events; for each of them
 *       8   · sequence
 *       8   · epoch ms
 *       4+n · event as JSON
 *
 * The buffer is the caller's to wipe.
 */
export function formatCopy({ at, revision, keys, secrets, audit }: VaultCopy): Buffer {
  const writer = new ByteWriter();
  writer.u64(at);
  writer.u64(revision);
  writer.u32(keys.length);
  for (const key of keys) writeKey(writer, key);
  writer.u32(secrets.length);
  for (const secret of secrets) writeSecret(writer, secret);
  writer.u32(audit.length);
  for (const record of audit) {
    writer.u64(record.sequence);
    writer.u64(record.at);
    writer.text(JSON.stringify(record.event));
  }
  return writer.finish();
}

/** Its keys and values lie in the memory of the source. @throws FORMAT_INVALID */
export function parseCopy(contents: Uint8Array): VaultCopy {
  const reader = new ByteReader('contents of a backup', contents);
  const [at, revision] = [reader.u64(), reader.u64()];
  const keys = listOf(reader, readKey);
  const secrets = listOf(reader, readSecret);
  if (new Set(secrets.map(({ name }) => name)).size < secrets.length) {
    reader.fail('a secret is there twice');
  }
  const audit = listOf(reader, readEvent);
  reader.end();
  return { at, revision, keys, secrets, audit };
}

/** To be called when it is done with: whoever has these bytes has the keys. */
export function wipeCopy({ keys, secrets }: VaultCopy): void {
  for (const { material } of keys) wipe(material);
  for (const { versions } of secrets) for (const { value } of versions) wipe(value);
}

function listOf<T>(reader: ByteReader, read: (reader: ByteReader) => T): readonly T[] {
  const list: T[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) list.push(read(reader));
  return list;
}

function readEvent(reader: ByteReader): AuditRecord {
  const [sequence, at] = [reader.u64(), reader.u64()];
  const event = eventOf(reader.text(EVENT_MAX_BYTES)) ?? reader.fail('no event');
  return { sequence, at, event };
}

function eventOf(text: string): AuditEvent | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const isEvent = typeof event === 'object' && event !== null && 'kind' in event;
    return isEvent ? (event as AuditEvent) : undefined;
  } catch {
    return undefined;
  }
}
