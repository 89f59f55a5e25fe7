import { one, type Steps } from '../../engine/steps.ts';
import { wrongArgument } from '../../errors.ts';
import type { AuditRecord, FileFormat } from '../audit/event.ts';
import { auditBody } from '../audit/log.ts';
import { wipe } from '../hygiene/wipe.ts';
import { type KeyEntry, openKey } from '../keys/key-record.ts';
import type { Change } from '../keys/ledger.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { secretsAfter, versionsOf } from '../secrets/bodies.ts';
import { openValue, type SecretRow, type SecretVersionRow } from '../secrets/secret-record.ts';
import type { Session } from '../session.ts';
import { readHeader } from '../vault-file.ts';
import type { Course } from './backup-contents.ts';
import { writeBackupV1 } from './backup-v1.ts';
import { formatCopy, type VaultCopy, wipeCopy } from './backup-v2.ts';
import { type CarriedKey, checkRustAlgorithm, rustKeyOf } from './carried-key.ts';
import type { CarriedSecret } from './carried-secret.ts';
import { CONTENTS_MAX_BYTES } from './envelope.ts';
import { checkFileWish, closeFile, type FileWish } from './password-file.ts';

export interface BackupOptions extends FileWish, Course {
  /**
   * Default `holdfast`. `rust-keyvault-v1` has keys only, without labels, and takes a key derivation
   * of 64 MiB for each of them.
   */
  readonly format?: FileFormat | undefined;
  /** Whether the audit log comes along, in our own format. Default false. */
  readonly audit?: boolean | undefined;
  /** JSON with an indent of two spaces, of rust-keyvault's format. Default true. */
  readonly pretty?: boolean | undefined;
}

/** A vault between two transactions, still sealed. */
interface Snapshot {
  readonly at: number;
  readonly revision: number;
  readonly createdAt: number;
  readonly vaultCreatedAt: number;
  readonly keys: readonly KeyEntry[];
  readonly secrets: readonly SealedSecret[];
  readonly audit: readonly AuditRecord[];
}

interface SealedSecret {
  readonly row: SecretRow;
  readonly versions: readonly SecretVersionRow[];
}

const PAGE_ROWS = 1000;
const SIZE = 'SELECT coalesce(sum(length(sealed)), 0) AS sizeBytes FROM secret_versions';

/** The file. The event is written before there is one, and stands also where none comes of it. */
export async function makeBackup(
  session: Session,
  password: Uint8Array,
  options: BackupOptions,
): Promise<Buffer> {
  const { format = 'holdfast', signal } = options;
  checkFileWish(password, options);
  const { keys } = session;
  const snapshot = await session.change(
    (change) => snapshotBody(change, keys, format, options.audit),
    { signal },
  );
  const copy = openedCopy(keys, snapshot);
  try {
    if (format === 'holdfast') return await closeCopy(copy, password, options, snapshot.createdAt);
    const file = await writeBackupV1(copy.keys.map(rustKeyOf), password, {
      ...options,
      now: snapshot.createdAt,
      vaultCreatedAt: { ms: snapshot.vaultCreatedAt, ns: 0 },
    });
    return Buffer.from(file);
  } finally {
    wipeCopy(copy);
  }
}

function* snapshotBody(
  change: Change,
  keys: VaultKeys,
  format: FileFormat,
  hasAudit = false,
): Steps<Snapshot> {
  const { state, entries } = change.book;
  const { at, revision } = state;
  const sorted = [...entries].sort((a, b) => (a.info.id < b.info.id ? -1 : 1));
  const isOurs = format === 'holdfast';
  if (!isOurs) for (const { info } of sorted) checkRustAlgorithm(info);
  const secrets = isOurs ? yield* sealedSecrets() : [];
  const audit = isOurs && hasAudit ? yield* wholeLog(change, keys) : [];
  const vaultCreatedAt = (yield* readHeader())?.createdAt ?? change.at;
  const counts = { keys: sorted.length, secrets: secrets.length };
  yield* change.tell({ kind: 'BackupMade', format, ...counts });
  return { at, revision, createdAt: change.at, vaultCreatedAt, keys: sorted, secrets, audit };
}

/** @throws RangeError for more than a file can have */
function* sealedSecrets(): Steps<readonly SealedSecret[]> {
  const { sizeBytes } = (yield* one<{ sizeBytes: number }>(SIZE)) ?? { sizeBytes: 0 };
  if (sizeBytes > CONTENTS_MAX_BYTES) {
    throw wrongArgument('range', `a backup has at most ${CONTENTS_MAX_BYTES} bytes of secrets`);
  }
  const secrets: SealedSecret[] = [];
  for (let after = ''; ; ) {
    const rows = yield* secretsAfter(after, PAGE_ROWS);
    for (const row of rows) secrets.push({ row, versions: yield* versionsOf(row.name) });
    const last = rows.at(-1);
    if (last === undefined) return secrets;
    after = last.name;
  }
}

function* wholeLog({ book }: Change, { audit }: VaultKeys): Steps<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (;;) {
    const after = records.at(-1)?.sequence ?? 0;
    const page = yield* auditBody(audit, book.state.audit, { after });
    if (page.length === 0) return records;
    records.push(...page);
  }
}

function openedCopy(keys: VaultKeys, { at, revision, audit, ...sealed }: Snapshot): VaultCopy {
  const carried: CarriedKey[] = [];
  const secrets: CarriedSecret[] = [];
  try {
    for (const entry of sealed.keys) {
      carried.push({ info: entry.info, material: openKey(keys, entry) });
    }
    for (const secret of sealed.secrets) secrets.push(openedSecret(keys, secret));
    return { at, revision, keys: carried, secrets, audit };
  } catch (error) {
    wipeCopy({ at, revision, keys: carried, secrets, audit });
    throw error;
  }
}

function openedSecret(keys: VaultKeys, { row, versions }: SealedSecret): CarriedSecret {
  const tags = Object.entries(JSON.parse(row.tags) as Record<string, string>);
  return {
    name: row.name,
    tags: tags.sort(([a], [b]) => (a < b ? -1 : 1)),
    createdAt: row.created_at,
    deletedAt: row.deleted_at ?? undefined,
    purgeAt: row.purge_at ?? undefined,
    versions: versions.map((one) => {
      return { version: one.version, createdAt: one.created_at, value: openValue(keys, row, one) };
    }),
  };
}

async function closeCopy(
  copy: VaultCopy,
  password: Uint8Array,
  options: BackupOptions,
  createdAt: number,
): Promise<Buffer> {
  const { signal, onProgress } = options;
  const contents = formatCopy(copy);
  try {
    const closing = { kind: 'backup', createdAt, signal } as const;
    const file = await closeFile(contents, password, options, closing);
    onProgress?.(1, 1);
    return file;
  } finally {
    wipe(contents);
  }
}
