import { createHook } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../src/errors.ts';
import { Vault } from '../../src/vault.ts';
import { type FileKind, openCarried } from './carried-files.ts';
import { damaged, type Outcome } from './damage.ts';
import { type Extent, fileDamages, isGreedy } from './damage-plan.ts';
import { type DamageReport, tally } from './damage-tally.ts';

// One of several processes that damage files for elsewhere and open them. Arguments: the directory
// with the files, their kinds with commas, how much is tried, which share, and of how many.

const [home = '', kinds = '', extentText = 'some', share = '0', shares = '1'] =
  process.argv.slice(2);
const extent: Extent = extentText === 'all' ? 'all' : 'some';
const vault = await Vault.open({ ephemeral: true, now: () => 1_800_000_000_000 });

let derivations = 0;
const hook = createHook({
  init(_id, type) {
    if (type === 'ARGON2REQUEST') derivations += 1;
  },
});
hook.enable();

const isOurs = (kind: FileKind) => kind === 'export' || kind === 'backup';

/** All of a file of ours is authenticated, so what was changed in it never opens. */
async function outcomeOf(kind: FileKind, bytes: Uint8Array): Promise<Outcome> {
  derivations = 0;
  try {
    await openCarried(vault, kind, bytes);
    return isOurs(kind) ? { wrong: 'it has opened' } : { is: 'same' };
  } catch (error) {
    if (!(error instanceof HoldfastError)) return { wrong: `${(error as Error).stack}` };
    const most = error.code === 'KDF_LIMITS' ? 0 : 1;
    if (kind !== 'rust-backup' && kind !== 'rust-backup-gzip' && derivations > most) {
      return { wrong: `${error.code} after ${derivations} key derivations` };
    }
    return { is: error.code };
  }
}

async function reportOf(kind: FileKind): Promise<DamageReport> {
  const whole = readFileSync(join(home, kind));
  await openCarried(vault, kind, whole);
  const counted = tally();
  let turn = 0;
  for (const damage of fileDamages(whole, isOurs(kind), extent)) {
    turn += 1;
    if (turn % Number(shares) !== Number(share)) continue;
    const bytes = damaged(whole, damage);
    const isMeasured = !(isOurs(kind) && isGreedy(bytes));
    await counted.add(JSON.stringify(damage), () => outcomeOf(kind, bytes), isMeasured);
  }
  return counted.report();
}

const reports: DamageReport[] = [];
for (const kind of kinds.split(',')) reports.push(await reportOf(kind as FileKind));
await vault.close();
process.stdout.write(JSON.stringify(reports));
