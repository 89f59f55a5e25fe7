import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The file of the vault in a directory; by default in `$HOLDFAST_DIR` or `~/.holdfast`. */
export function vaultFile(dir: string | undefined): string {
  const data = dir ?? (process.env.HOLDFAST_DIR || join(homedir(), '.holdfast'));
  return join(resolve(data), 'vault.db');
}
