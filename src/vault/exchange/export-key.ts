import type { Steps } from '../../engine/steps.ts';
import type { FileFormat } from '../audit/event.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { KeyId } from '../keys/key-id.ts';
import { type KeyEntry, openKey } from '../keys/key-record.ts';
import type { Change } from '../keys/ledger.ts';
import { requireKey, requireReading } from '../keys/require.ts';
import type { Session } from '../session.ts';
import { ByteWriter } from './byte-writer.ts';
import { type CarriedKey, checkRustAlgorithm, rustKeyOf, writeKey } from './carried-key.ts';
import { writeExportV1 } from './export-v1.ts';
import { checkFileWish, closeFile, type FileWish } from './password-file.ts';

export interface ExportOptions extends FileWish {
  /** Default `holdfast`. `rust-keyvault-v1` has no label, and authenticates only the 32 bytes. */
  readonly format?: FileFormat | undefined;
  /** JSON with an indent of two spaces, of rust-keyvault's format. Default true. */
  readonly pretty?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The file. The event is written before there is one, and stands also where none comes of it. */
export async function exportKey(
  session: Session,
  { id, password, options }: { id: KeyId; password: Uint8Array; options: ExportOptions },
): Promise<Buffer> {
  const { format = 'holdfast', signal } = options;
  checkFileWish(password, options);
  const { entry, at } = await session.change((change) => exportBody(change, id, format), {
    signal,
  });
  const key = { info: entry.info, material: openKey(session.keys, entry) };
  try {
    if (format === 'holdfast') return await closeKey(key, password, options, at);
    return Buffer.from(await writeExportV1(rustKeyOf(key), password, { ...options, now: at }));
  } finally {
    wipe(key.material);
  }
}

function* exportBody(
  change: Change,
  id: KeyId,
  format: FileFormat,
): Steps<{ readonly entry: KeyEntry; readonly at: number }> {
  const entry = requireKey(change.book, id);
  requireReading(entry, 'be exported', change.at);
  if (format === 'rust-keyvault-v1') checkRustAlgorithm(entry.info);
  yield* change.tell({ kind: 'KeyExported', keyId: id, format });
  return { entry, at: change.at };
}

async function closeKey(
  key: CarriedKey,
  password: Uint8Array,
  options: ExportOptions,
  createdAt: number,
): Promise<Buffer> {
  const writer = new ByteWriter();
  writeKey(writer, key);
  const contents = writer.finish();
  try {
    const { signal } = options;
    return await closeFile(contents, password, options, { kind: 'export', createdAt, signal });
  } finally {
    wipe(contents);
  }
}
