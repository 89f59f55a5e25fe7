import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Vault } from '../../src/vault.ts';
import { carriedFile, PASSWORD } from './carried-files.ts';
import { memoryGrowth } from './peak-memory.ts';

// Opens files in a process of their own, and says of each what came of it, how long it took, and by
// how much the memory of the process has grown beyond the file. Arguments: the directory, then the
// names of files, which begin with what they are.

/** Of a file that was opened. */
export interface BombReport {
  readonly code: string;
  readonly mib: number;
  readonly ms: number;
}

const [home = '', ...names] = process.argv.slice(2);
const vault = await Vault.open({ ephemeral: true });
const open = (name: string, source: Uint8Array) =>
  name.startsWith('export') ? vault.importKey(source, PASSWORD) : vault.restore(source, PASSWORD);

async function reportOf(name: string): Promise<BombReport> {
  const file = readFileSync(join(home, name));
  const [grown, since] = [memoryGrowth(), performance.now()];
  const code = await open(name, file).then(
    () => 'opened',
    (error) => error.code ?? String(error),
  );
  return { code, mib: grown(), ms: performance.now() - since };
}

// So that all code that it takes is there.
await open('export', await carriedFile('rust-export'));
await open('backup', await carriedFile('rust-backup-gzip'));
const reports: Record<string, BombReport> = {};
for (const name of names) reports[name] = await reportOf(name);
process.stdout.write(JSON.stringify(reports));
