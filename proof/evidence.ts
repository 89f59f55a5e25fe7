import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { importDeclaration, type Report, reportText, runTorture } from '../src/torture.ts';
import { bootstrapMean, type Interval, mean, wilson } from './interval.ts';

// npm run proof -- --part evidence, or node proof/evidence.ts [--runs N] [--seed S] [--only FILE]:
// the declarations of examples/torture, each N times, written to docs/evidence.md.

const root = join(import.meta.dirname, '..');

interface Case {
  /** Of examples/torture, without its extension. */
  readonly file: string;
  readonly package: string;
  readonly mode: 'threads' | 'processes';
  readonly clients: number;
  /** Of all clients together. */
  readonly operations: number;
  /** What is counted as lost. */
  readonly unit: string;
}

const keys = { mode: 'processes', clients: 8, operations: 320, unit: 'acknowledged keys' } as const;
const additions = { ...keys, unit: 'acknowledged additions' } as const;
const ports = { mode: 'processes', clients: 8, operations: 64, unit: 'ports given' } as const;

const cases: readonly Case[] = [
  { file: 'conf', package: 'conf', ...keys },
  { file: 'configstore', package: 'configstore', ...keys },
  { file: 'write-file-atomic', package: 'write-file-atomic', ...additions },
  { file: 'portfinder', package: 'portfinder', ...ports },
  { file: 'get-port', package: 'get-port', ...ports },
  { file: 'get-port-range', package: 'get-port', ...ports },
  { file: 'get-port-range', package: 'get-port', ...ports, mode: 'threads' },
  { file: 'proper-lockfile', package: 'proper-lockfile', ...additions },
  {
    file: 'proper-lockfile-pause',
    package: 'proper-lockfile',
    ...additions,
    clients: 4,
    operations: 40,
  },
  { file: 'cacache', package: 'cacache', ...keys },
];

export interface EvidenceOptions {
  readonly runs: number;
  readonly seed: string;
  /** Only cases of this file. */
  readonly only?: string | undefined;
  readonly note: (line: string) => void;
}

/** `ok` says that the adapters are sound and every run was judged, whatever the verdicts are. */
export interface Evidence {
  readonly ok: boolean;
  readonly page: string;
}

/** Each with one client, which must lose nothing: else the declaration is wrong. */
const CONTROLS = 3;

/** Runs every declaration of examples/torture and writes what came of it as a page. */
export async function gatherEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { runs, seed, only, note } = options;
  const results: Result[] = [];
  for (const one of cases.filter(({ file }) => only === undefined || file === only)) {
    const result = {
      one,
      controls: await series({ ...one, clients: 1 }, CONTROLS, `${seed}-control`),
      runs: await series(one, runs, seed),
    };
    results.push(result);
    note(rowOf(result).join(', '));
    for (const control of result.controls) if (!isSound(control)) note(reportText(control.report));
  }
  const ok = results.every(({ controls, runs }) => controls.every(isSound) && runs.every(isJudged));
  return { ok, page: pageOf(results, options) };
}

interface Outcome {
  readonly report: Report;
  readonly lost: number;
  readonly of: number;
}

/** The declarations count in an invariant, which is not asked when workers hang or die. */
function isJudged({ report, of }: Outcome): boolean {
  return report.verdict !== 'unknown' && of > 0;
}

function isSound(control: Outcome): boolean {
  return isJudged(control) && control.report.verdict === 'ok' && control.lost === 0;
}

interface Result {
  readonly one: Case;
  readonly controls: readonly Outcome[];
  readonly runs: readonly Outcome[];
}

/** One run after the other, each with workers of its own: what a module remembers stays in a run. */
async function series(one: Case, count: number, seed: string): Promise<Outcome[]> {
  const file = join(root, 'examples/torture', `${one.file}.torture.ts`);
  const declared = await importDeclaration(pathToFileURL(file).href);
  const { mode, clients, operations } = one;
  const outcomes: Outcome[] = [];
  for (let nth = 1; nth <= count; nth += 1) {
    const report = await runTorture(declared, {
      ...{ mode, clients, operations },
      seed: `${seed}-${nth}`,
    });
    outcomes.push({ report, ...lossOf(report.runs.flatMap((run) => run.notes)) });
  }
  return outcomes;
}

/** What the declarations note: `lost 3 of 40`. */
function lossOf(notes: readonly string[]): { lost: number; of: number } {
  const found = notes.flatMap((note) => [...note.matchAll(/^lost (\d+) of (\d+)$/g)]);
  const sum = (group: number) => found.reduce((total, match) => total + Number(match[group]), 0);
  return { lost: sum(1), of: sum(2) };
}

function rowOf({ one, controls, runs }: Result): string[] {
  const violated = runs.filter(({ report }) => report.verdict === 'violation').length;
  const shares = runs.map(({ lost, of }) => lost / Math.max(1, of));
  const total = runs.reduce((sum, { of }) => sum + of, 0);
  const lost = runs.reduce((sum, run) => sum + run.lost, 0);
  const loss =
    lost === 0
      ? `0 of ${total}`
      : `${percent(mean(shares))} (${span(bootstrapMean(shares))}) of ${total}`;
  const lostAlone = controls.reduce((sum, control) => sum + control.lost, 0);
  const alone = controls.reduce((sum, { of }) => sum + of, 0);
  return [
    `[${one.file}](../examples/torture/${one.file}.torture.ts)`,
    `${one.clients} ${one.mode}`,
    `${violated} of ${runs.length} (${span(wilson(violated, runs.length))})`,
    `${loss} ${one.unit}`,
    `${lostAlone} of ${alone}`,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function span({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)} %`;
}

function pageOf(results: readonly Result[], { runs, seed }: EvidenceOptions): string {
  const head = ['declaration', 'clients', 'runs with a violation', 'lost', 'lost by one client'];
  const table = [head, head.map(() => '---'), ...results.map(rowOf)];
  const places = results.map(({ one }) => one.file);
  const files = results.filter((_, at) => places.indexOf(places[at] ?? '') === at);
  return [
    '# Evidence',
    'What the rig finds in packages that are in wide use, by the declarations in [examples/torture](../examples/torture). A violation says that the package does not do what was asked of it there. Whether it ever promised that is another question, and is answered below for each.',
    `${placeLine()} \`npm run proof -- --part evidence\``,
    table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    `Each line is ${runs} runs with seeds \`${seed}-1\` to \`${seed}-${runs}\`, each with a new store and new workers. Intervals are of 95 %: Wilson's for the share of runs, a percentile bootstrap over runs for the mean loss of a run. A store that lost nothing in ${runs} runs may still do so in another. Losses depend on the machine and on how hard the clients press, and are no rate of daily use. The last column is the control, ${CONTROLS} runs with one client.`,
    '## What was asked, and what was promised',
    ...files.map(({ one }) => scopeOf(one)),
  ].join('\n\n');
}

function placeLine(): string {
  const git = ['rev-parse', '--short', 'HEAD'];
  const commit = execFileSync('git', git, { cwd: root, encoding: 'utf8' }).trim();
  const when = new Date().toISOString().slice(0, 10);
  const [cpu] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const machine = `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${memory}`;
  // Of the last 15 minutes, so that one sees whether the machine had other work.
  const load = `load ${loadavg()[2]?.toFixed(1)}`;
  const system = `${process.platform} ${release()}, temporary files on ${fileSystem()}, ${load}`;
  return `${when}, commit ${commit}, Node ${process.versions.node}, ${machine}, ${system}.`;
}

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  2035054128: 'overlayfs',
};

function fileSystem(): string {
  const { type } = statfsSync(tmpdir());
  return FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`;
}

/** The head comment of a declaration, which says what its package promises, and how to run it. */
function scopeOf(one: Case): string {
  const source = readFileSync(join(root, 'examples/torture', `${one.file}.torture.ts`), 'utf8');
  const [comment = ''] = /^(?:\/\/.*\n)+/.exec(source) ?? [];
  const scope = comment
    .replaceAll(/^\/\/ ?/gm, '')
    .replaceAll('\n', ' ')
    .trim();
  const manifest = join(root, 'node_modules', one.package, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const command = `./holdfast torture run examples/torture/${one.file}.torture.ts --mode ${one.mode} --clients ${one.clients} --operations ${one.operations}`;
  return `**${one.file}** (${one.package} ${version}). ${scope}\n\n\`\`\`sh\n${command}\n\`\`\``;
}

/** Puts the page where it belongs. */
export async function writeEvidence(options: EvidenceOptions): Promise<Evidence> {
  const evidence = await gatherEvidence(options);
  writeFileSync(join(root, 'docs/evidence.md'), `${evidence.page}\n`);
  return evidence;
}

if (import.meta.main) {
  delete process.env.NODE_EXTRA_CA_CERTS;
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      only: { type: 'string' },
    },
  });
  const { seed, only } = values;
  const note = (line: string) => console.error(`  ${line}`);
  const options = { runs: Number(values.runs), seed, only, note };
  if (only === undefined) {
    process.exitCode = (await writeEvidence(options)).ok ? 0 : 1;
  } else {
    const { ok, page } = await gatherEvidence(options);
    console.log(page);
    process.exitCode = ok ? 0 : 1;
  }
}
