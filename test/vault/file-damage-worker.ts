import { createHook } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../src/errors.ts';
import { Vault } from '../../src/vault.ts';
import { type FileKind, openCarried } from './carried-files.ts';
import { damaged, type Outcome } from './damage.ts';
import { type Extent, fileDamages, isGreedy } from './damage-plan.ts';
import { tally } from './damage-tally.ts';

// One of several processes that damage a file for elsewhere and open it. Arguments: the directory
// with the file, its kind, how much is tried, which share, and of how many.

const [home = '', kindText = '', extentText = 'some', share = '0', shares = '1'] =
  process.argv.slice(2);
const kind = kindText as FileKind;
const extent: Extent = extentText === 'all' ? 'all' : 'some';
const whole = readFileSync(join(home, kind));
const isOurs = kind === 'export' || kind === 'backup';
const vault = await Vault.open({ ephemeral: true, now: () => 1_800_000_000_000 });

let derivations = 0;
const hook = createHook({
  init(_id, type) {
    if (type === 'ARGON2REQUEST') derivations += 1;
  },
});
hook.enable();

/** All of a file of ours is authenticated, so what was changed in it never opens. */
async function outcomeOf(bytes: Uint8Array): Promise<Outcome> {
  derivations = 0;
  try {
    await openCarried(vault, kind, bytes);
    return isOurs ? { wrong: 'it has opened' } : { is: 'same' };
  } catch (error) {
    if (!(error instanceof HoldfastError)) return { wrong: `${(error as Error).stack}` };
    const most = error.code === 'KDF_LIMITS' ? 0 : 1;
    if (kind !== 'rust-backup' && kind !== 'rust-backup-gzip' && derivations > most) {
      return { wrong: `${error.code} after ${derivations} key derivations` };
    }
    return { is: error.code };
  }
}

await openCarried(vault, kind, whole);
const counted = tally();
let turn = 0;
for (const damage of fileDamages(whole, isOurs, extent)) {
  turn += 1;
  if (turn % Number(shares) !== Number(share)) continue;
  const bytes = damaged(whole, damage);
  const isMeasured = !(isOurs && isGreedy(bytes));
  await counted.add(JSON.stringify(damage), () => outcomeOf(bytes), isMeasured);
}
await vault.close();
process.stdout.write(JSON.stringify(counted.report()));
