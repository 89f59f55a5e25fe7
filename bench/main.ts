import { cpus, totalmem } from 'node:os';
import { check } from './check.ts';
import { fairness } from './fairness.ts';
import { type Figure, printFigures } from './figure.ts';
import { groupCommit } from './group-commit.ts';
import { interleave } from './interleave.ts';
import { list } from './list.ts';
import { record } from './record.ts';
import { reserveExisting } from './reserve-existing.ts';
import { tasksBench } from './tasks.ts';
import { vault } from './vault.ts';
import { vaultTogether } from './vault-together.ts';
import { volume } from './volume.ts';

// npm run bench [-- name…]: figures of one run, PASS or MISS beside each goal; exit 1 on a miss.
delete process.env.NODE_EXTRA_CA_CERTS;

const benches = {
  existing: reserveExisting,
  group: groupCommit,
  volume,
  list,
  check,
  record,
  interleave,
  vault,
  together: vaultTogether,
  tasks: tasksBench,
  fairness,
};
const wanted = process.argv.slice(2);
const chosen = Object.entries(benches).filter(
  ([name]) => wanted.length === 0 || wanted.includes(name),
);
if (chosen.length === 0) {
  console.error(`no such bench; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
console.log(
  `Node ${process.versions.node}, SQLite ${process.versions.sqlite}, ${cpus().length} cores, ${gibibytes} GiB`,
);
let misses = 0;
for (const [name, bench] of chosen) {
  console.error(`\nmeasuring ${name}: ${bench.name}`);
  const figures: readonly Figure[] = await bench.run((line) => console.error(`  ${line}`));
  printFigures(bench.name, figures);
  misses += figures.filter((figure) => figure.pass === false).length;
}
console.log(misses === 0 ? '\nevery goal met' : `\n${misses} goals missed`);
process.exitCode = misses === 0 ? 0 : 1;
