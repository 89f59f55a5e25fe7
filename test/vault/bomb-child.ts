import { readFileSync } from 'node:fs';
import { Vault } from '../../src/vault.ts';
import { carriedFile, PASSWORD } from './carried-files.ts';
import { memoryGrowth } from './peak-memory.ts';

// Opens one file in a process of its own, and says what came of it, how long it took, and by how
// much the memory of the process has grown beyond the file. Arguments: what it is, its path.

const [what = '', path = ''] = process.argv.slice(2);
const vault = await Vault.open({ ephemeral: true });
const open = (source: Uint8Array) =>
  what === 'export' ? vault.importKey(source, PASSWORD) : vault.restore(source, PASSWORD);

// So that all code that it takes is there.
await open(await carriedFile(what === 'export' ? 'rust-export' : 'rust-backup-gzip'));
const file = readFileSync(path);
const [grown, since] = [memoryGrowth(), performance.now()];
const code = await open(file).then(
  () => 'opened',
  (error) => error.code ?? String(error),
);
const ms = performance.now() - since;
process.stdout.write(JSON.stringify({ code, mib: grown(), ms }));
