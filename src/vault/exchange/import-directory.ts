import { wipe } from '../hygiene/wipe.ts';
import type { Session } from '../session.ts';
import { carriedOf } from './carried-key.ts';
import { type RestoreReport, restoreCopy } from './restore.ts';
import { readRustDirectory } from './rust-directory.ts';
import type { Finding } from './rust-findings.ts';
import type { RustUnlock } from './rust-master.ts';

export interface ImportDirectoryOptions {
  /** Says what would be done, and does nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What has become of the keys of a directory, and what is wrong with it. */
export interface DirectoryReport extends RestoreReport {
  readonly findings: readonly Finding[];
}

/** All keys that are whole, in one transaction. */
export async function importDirectory(
  session: Session,
  path: string,
  { unlock, options }: { unlock: RustUnlock | undefined; options: ImportDirectoryOptions },
): Promise<DirectoryReport> {
  const { keys, findings } = await readRustDirectory(path, unlock, options.signal);
  try {
    const copy = { keys: keys.map(carriedOf), secrets: [], audit: [] };
    const format = 'rust-keyvault';
    return { ...(await restoreCopy(session, { copy, format, options })), findings };
  } finally {
    for (const { material } of keys) wipe(material);
  }
}
