import type { Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { KeyInfo } from '../keys/key-record.ts';
import type { Change } from '../keys/ledger.ts';
import { requireKey } from '../keys/require.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { Session } from '../session.ts';
import { ByteReader } from './byte-reader.ts';
import { type CarriedKey, carriedOf, readKey } from './carried-key.ts';
import { isEnvelope } from './envelope.ts';
import { readExportV1 } from './export-v1.ts';
import { KeyMerge } from './key-merge.ts';
import { assertOpening, openFile } from './password-file.ts';

export interface ImportOptions {
  /**
   * Material, state, label and limits of the file replace the vault's. Default false. A key that is
   * revoked stays so.
   */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The key as it is in the vault now. */
export async function importKey(
  session: Session,
  source: string | Uint8Array,
  { password, options }: { password: Uint8Array; options: ImportOptions },
): Promise<KeyInfo> {
  const { overwrite = false, signal } = options;
  assertOpening(source, password);
  const key = await readExport(source, password, signal);
  try {
    return await session.change((change) => importBody(change, session.keys, key, overwrite), {
      signal,
    });
  } finally {
    wipe(key.material);
  }
}

/** The key of an export of either format. @throws what opening it throws */
async function readExport(
  source: string | Uint8Array,
  password: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<CarriedKey> {
  if (!isEnvelope(source)) return carriedOf(await readExportV1(source, password, signal));
  const contents = await openFile(source, password, 'export', signal);
  const reader = new ByteReader('contents of an export', contents);
  try {
    const key = readKey(reader);
    reader.end();
    return key;
  } catch (error) {
    wipe(contents);
    throw error;
  }
}

function* importBody(
  change: Change,
  keys: VaultKeys,
  key: CarriedKey,
  overwrite: boolean,
): Steps<KeyInfo> {
  const merge = new KeyMerge(change.book, keys, [key], overwrite);
  const [conflict] = merge.outcome.conflicts;
  if (conflict) {
    const { id, why } = conflict;
    throw new HoldfastError('CONFLICT', `key ${id} was not imported: ${why}`);
  }
  yield* merge.apply(change);
  return requireKey(change.book, key.info.id).info;
}
