import { basename, join } from 'node:path';
import { Vault } from '../../src/vault.ts';
import type { Dead, Inspection, Scene } from '../kill-loop.ts';
import type { VaultEntry } from './claims.ts';
import { inspectVault } from './inspection.ts';

/** Processes that all work on one vault in a file, each at one kind of change. */
export const vaultScene: Scene<VaultEntry> = {
  worker: join(import.meta.dirname, 'kill-worker.ts'),
  // One that is alone waits for nobody: mostly a kill hits its transaction.
  crews: [1, 2, 4],
  ...{ probe, inspect },
};

async function probe(dir: string): Promise<void> {
  await using vault = await open(dir);
  await vault.secrets.set('after', Buffer.from('a kill'));
}

async function inspect(dir: string, dead: readonly Dead<VaultEntry>[]): Promise<Inspection> {
  await using vault = await open(dir);
  const deeds = dead.map(({ home, words }) => ({ room: basename(home), entries: words.entries }));
  return await inspectVault(dir, vault, deeds);
}

function open(dir: string): Promise<Vault> {
  return Vault.open({ dir, unlock: { keyFile: join(dir, 'key') }, lockTimeoutMs: 60_000 });
}
