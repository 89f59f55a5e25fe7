import {
  type Damage,
  damaged,
  headerRows,
  outcomeOf,
  type Specimen,
  type SpecimenKind,
  takeSpecimen,
} from './damage.ts';
import {
  databaseBits,
  databaseCuts,
  type Extent,
  lockBits,
  logBits,
  logCuts,
  pages,
} from './damage-plan.ts';
import { type DamageReport, tally } from './damage-tally.ts';

// One of several processes that damage copies of one vault, each its share. Arguments: the directory
// of the specimen, what is damaged and how (several with commas), how much of it, which share, and of
// how many.

const [home = '', kinds = '', extentText = 'some', share = '0', shares = '1'] =
  process.argv.slice(2);
const extent: Extent = extentText === 'all' ? 'all' : 'some';

function plan(kind: SpecimenKind, how: string, { file, whole }: Specimen): Iterable<Damage> {
  if (how === 'pages') return pages(whole, extent);
  if (kind === 'lock') return lockBits(whole, extent);
  if (how === 'cuts') {
    return kind === 'log' ? logCuts(whole, extent) : databaseCuts(whole, extent);
  }
  if (kind === 'log') return logBits(whole, extent);
  return databaseBits(whole, headerRows(file, whole), extent);
}

async function reportOf(what: string): Promise<DamageReport> {
  const [kindText, how = ''] = what.split('-');
  const kind: SpecimenKind = kindText === 'log' || kindText === 'lock' ? kindText : 'database';
  const specimen = takeSpecimen(home, kind, `${what}-${share}`);
  const counted = tally();
  let turn = 0;
  for (const damage of plan(kind, how, specimen)) {
    turn += 1;
    if (turn % Number(shares) !== Number(share)) continue;
    const bytes = damaged(specimen.whole, damage);
    const writes = turn % (extent === 'all' ? 4 : 32) < 2;
    await counted.add(JSON.stringify(damage), () => outcomeOf(specimen, bytes, writes));
  }
  return counted.report();
}

const reports: DamageReport[] = [];
for (const what of kinds.split(',')) reports.push(await reportOf(what));
process.stdout.write(JSON.stringify(reports));
