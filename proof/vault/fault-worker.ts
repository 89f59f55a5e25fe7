import { basename, join } from 'node:path';
import { HoldfastError } from '../../src/errors.ts';
import { Random } from '../../src/torture/declare/random.ts';
import { Vault } from '../../src/vault.ts';
import { Journal } from '../journal.ts';
import { secretFact, type VaultEntry } from './claims.ts';
import { changes } from './programs.ts';

// Makes changes of one kind on a disk that may fail, and goes on as far as it can once one was
// refused. Arguments: directory of the vault, its own directory, file of its journal, seed, change.

const [dir = '', home = '', file = '', seed = '0', change = ''] = process.argv.slice(2);
const journal = new Journal<VaultEntry>(file);
const room = basename(home);
/** Changes, besides what prepares them, before the vault is closed. */
let left = 2;

/** Whether it was done. */
async function attempt(
  entry: Omit<VaultEntry, 'event'>,
  work: () => Promise<VaultEntry['claims'] | undefined>,
): Promise<boolean> {
  journal.note({ ...entry, event: 'begin' });
  try {
    const claims = (await work()) ?? [];
    journal.note({ ...entry, event: 'done', claims });
    return true;
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : String(error);
    journal.note({ kind: entry.kind, event: 'failed', code });
    return false;
  }
}

async function open(): Promise<Vault | undefined> {
  let vault: Vault | undefined;
  const audit = change === 'use' ? 'strict' : 'changes';
  await attempt({ kind: 'open' }, async () => {
    vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') }, audit });
    return [];
  });
  return vault;
}

/** What one expects to be able to do after a failure. */
async function goOn(vault: Vault): Promise<void> {
  await attempt({ kind: 'read' }, async () => {
    await vault.list();
    await vault.audit.verify();
    return [];
  });
  const name = `${room}/after`;
  await attempt({ kind: 'store', set: { [secretFact(name, 1)]: 'there' } }, async () => {
    await vault.secrets.set(name, Buffer.from('a failure'));
    return [];
  });
}

const vault = (await open()) ?? (await open());
const program = changes[change];
if (vault === undefined || program === undefined) process.exit(0);
for await (const { entry, run } of program({ vault, home, room, random: new Random(seed) })) {
  const isDone = await attempt(entry, run);
  if (!isDone) {
    await goOn(vault);
    break;
  }
  if (entry.kind !== 'prepare') left -= 1;
  if (left === 0) break;
}
await attempt({ kind: 'close' }, async () => {
  await vault.close();
  return [];
});
