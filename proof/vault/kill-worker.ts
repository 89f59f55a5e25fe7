import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../src/torture/declare/random.ts';
import { Vault } from '../../src/vault.ts';
import { endWithParent } from '../end-with-parent.ts';
import { holdOf, Journal } from '../journal.ts';
import type { Role, VaultEntry } from './claims.ts';
import type { Program } from './operation.ts';
import { programs } from './programs.ts';

// One victim of the kill loop (see `Scene.worker`): works in a room of its own without a pause. Where
// a number of operations is told besides, it closes the vault after that.

const [dir = '', home = '', file = '', seed = '0', role = '', fault, count] = process.argv.slice(2);
endWithParent();
const journal = new Journal<VaultEntry>(file, fault === 'early');
const random = new Random(seed);

journal.note({ event: 'begin', kind: 'open' });
const vault = await Vault.open({
  ...{ dir, unlock: { keyFile: join(dir, 'key') }, lockTimeoutMs: 60_000 },
  durability: fault !== 'unsynced' && (count || random.int(2) === 0) ? 'power' : 'process',
});
journal.note({ event: 'done', kind: 'open' });

let left = Number(count ?? Number.POSITIVE_INFINITY);
const program: Program = programs[role as Role];
for await (const { entry, run } of program({
  ...{ vault, home, random, isSplit: fault === 'split' },
  room: basename(home),
})) {
  if (entry.kind === role) {
    journal.noteAtWork();
    while (existsSync(holdOf(dir))) await pause(1);
  }
  await journal.act({ ...entry, event: 'begin' }, async () => {
    return { ...entry, event: 'done', claims: await run() };
  });
  if (entry.kind === role) left -= 1;
  if (left === 0) break;
}
await vault.close();
