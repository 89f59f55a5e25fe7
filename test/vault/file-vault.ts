import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type FileOptions, Vault } from '../../src/vault.ts';

/** A directory that is gone after the test. */
export function directoryOf(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-vault-')));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The vault in a directory, by a key file beside it: no password has to be stretched. */
export async function openVault(
  t: TestContext,
  dir: string,
  options: Partial<FileOptions> = {},
): Promise<Vault> {
  const vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') }, ...options });
  t.after(() => vault.close());
  return vault;
}
