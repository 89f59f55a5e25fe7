import type { Steps } from '../../engine/steps.ts';
import type { AuditEvent, AuditRecord } from '../audit/event.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { Book } from '../keys/book.ts';
import type { Change } from '../keys/ledger.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { Session } from '../session.ts';
import type { Course } from './backup-contents.ts';
import { readBackupV1 } from './backup-v1.ts';
import { parseCopy, type VaultCopy, wipeCopy } from './backup-v2.ts';
import { carriedOf } from './carried-key.ts';
import { isEnvelope } from './envelope.ts';
import { KeyMerge, type KeyOutcome } from './key-merge.ts';
import { assertOpening, openFile } from './password-file.ts';
import { applySecrets, planSecrets, type SecretOutcome, type SecretPlan } from './secret-merge.ts';

export interface RestoreOptions extends Course {
  /** Says what would be done, and does nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /**
   * What the backup has replaces what the vault has, also where that may be newer. Default false. A
   * key that is revoked stays so.
   */
  readonly overwrite?: boolean | undefined;
}

/** What has become of the keys of a backup, and of its secrets. */
export interface RestoreReport extends KeyOutcome {
  readonly secrets: SecretOutcome;
  /** The log of the vault that the backup is of, if it has that along: for reading only. */
  readonly audit: readonly AuditRecord[];
}

type Format = Extract<AuditEvent, { kind: 'BackupRestored' }>['format'];

/** All that can be restored, in one transaction. */
export async function restoreBackup(
  session: Session,
  source: string | Uint8Array,
  { password, options }: { password: Uint8Array; options: RestoreOptions },
): Promise<RestoreReport> {
  assertOpening(source, password);
  const copy = await readBackup(source, password, options);
  try {
    const format = isEnvelope(source) ? 'holdfast' : 'rust-keyvault-v1';
    return await restoreCopy(session, { copy, format, options });
  } finally {
    wipeCopy(copy);
  }
}

export interface Restoring {
  readonly copy: Pick<VaultCopy, 'keys' | 'secrets' | 'audit'>;
  readonly format: Format;
  readonly options: RestoreOptions;
}

export async function restoreCopy(
  session: Session,
  { copy, format, options }: Restoring,
): Promise<RestoreReport> {
  const { dryRun = false, overwrite = false, signal } = options;
  const { audit } = copy;
  const { keys } = session;
  if (!dryRun) {
    return await session.change(
      function* (change) {
        const plan = yield* planned(change.book, keys, copy, overwrite);
        yield* applied(change, keys, plan, format);
        return reportOf(plan, audit);
      },
      { signal },
    );
  }
  const read = function* (): Steps<RestoreReport> {
    const book = yield* session.book.get();
    return reportOf(yield* planned(book, keys, copy, overwrite), audit);
  };
  return await session.engine.read(read, { signal });
}

interface Plan {
  readonly keys: KeyMerge;
  readonly secrets: SecretPlan;
}

function* planned(
  book: Book,
  vaultKeys: VaultKeys,
  { keys, secrets }: Restoring['copy'],
  overwrite: boolean,
): Steps<Plan> {
  return {
    keys: new KeyMerge(book, vaultKeys, keys, overwrite),
    secrets: yield* planSecrets(vaultKeys, secrets, overwrite),
  };
}

/** Nothing is written, not even that, where nothing is new. */
function* applied(change: Change, vaultKeys: VaultKeys, plan: Plan, format: Format): Steps<void> {
  const { created, updated } = plan.keys.outcome;
  const [keys, secrets] = [created.length + updated.length, plan.secrets.writes.length];
  if (keys + secrets === 0) return;
  yield* plan.keys.apply(change);
  yield* applySecrets(change, vaultKeys, plan.secrets);
  yield* change.tell({ kind: 'BackupRestored', format, keys, secrets });
}

function reportOf({ keys, secrets }: Plan, audit: readonly AuditRecord[]): RestoreReport {
  return { ...keys.outcome, secrets: secrets.outcome, audit };
}

/** What is in a backup of either format. @throws what opening it throws */
async function readBackup(
  source: string | Uint8Array,
  password: Uint8Array,
  options: RestoreOptions,
): Promise<VaultCopy> {
  if (isEnvelope(source)) {
    const contents = await openFile(source, password, 'backup', options.signal);
    options.onProgress?.(1, 1);
    try {
      return parseCopy(contents);
    } catch (error) {
      wipe(contents);
      throw error;
    }
  }
  const { keys, header } = await readBackupV1(source, password, options);
  const { ms } = header.createdAt;
  return { at: ms, revision: 0, keys: keys.map(carriedOf), secrets: [], audit: [] };
}
