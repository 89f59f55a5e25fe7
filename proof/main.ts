import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PoolSet, reportText, runPresets, runSelfTest } from '../src/torture.ts';
import { countVerdicts, twinCases } from '../test/twins/run-twins.ts';
import { writeEvidence } from './evidence.ts';
import { runKillLanes } from './kill-lanes.ts';
import { runCliKills } from './ports/cli-kills.ts';
import { KINDS } from './ports/holdings.ts';
import { portsScene } from './ports/kill-scene.ts';
import type { Section } from './section.ts';
import { tasksProof } from './tasks/storm-section.ts';
import { vaultDisk } from './vault/disk-section.ts';
import { vaultKills } from './vault/kill-section.ts';
import { vaultPower } from './vault/power-section.ts';
import { bitsText, isHarmless, runVaultBits } from './vault-bits.ts';

// npm run proof [-- --part NAME] [--rounds N] [--seed S]: the full counts, written to docs/proof.md
// part by part; exit 1 when anything does not hold.

delete process.env.NODE_EXTRA_CA_CERTS;
// Hundreds of processes load the same sources.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../node_modules/.cache/node');

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    rounds: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});

const note = (line: string) => console.error(`  ${line}`);
const SEEDS = 20;
/** The one role that there is. */
const PORTS = 'ports';
const CLI_ROUNDS = 60;
/** Of each kind of change to a vault. */
const POWER_MOMENTS = 200;
const DISK_FAULTS = 120;
const EVIDENCE_RUNS = 20;
const STORM_MS = 60_000;
/** Of `--rounds`, one in so many. */
const OPENINGS = 5;

async function kill(): Promise<Section> {
  const seed = Number(values.seed);
  const wanted = Number(values.rounds);
  const report = await runKillLanes(portsScene, { kills: { [PORTS]: wanted }, seed, note });
  const cli = await runCliKills(CLI_ROUNDS, seed);
  const { kills, inside, acknowledged } = report;
  const violations = [...report.violations, ...cli.violations];
  const enough = kills >= wanted && inside / kills >= 0.3;
  const lines = [
    `Seed ${seed}. ${kills} kills of processes that work on one store with others; ` +
      `${inside} (${((100 * inside) / kills).toFixed(0)} %) hit inside an operation:`,
    '',
    '| inside | kills |',
    '|---|---|',
    ...KINDS.map((kind) => `| ${kind} | ${report.roles[PORTS]?.inside[kind] ?? 0} |`),
    '',
    `${acknowledged} operations had been acknowledged by the killed; ` +
      `each was in the file as told. Half groups, half moves, half cleanups, unsound files: ${violations.length === 0 ? 'none' : violations.length}. ` +
      `The next reservation after a kill took at most ${report.worstRecoveryMs.toFixed(0)} ms, opening included.`,
    '',
    `${cli.rounds} kills of the real command line: ${cli.printed} had printed a port, ` +
      `and every one of those is in the file.`,
    ...violations.map((violation) => `- VIOLATION ${violation}`),
  ];
  return { ok: enough && violations.length === 0, text: lines.join('\n') };
}

async function twins(): Promise<Section> {
  const rows: string[] = [];
  let ok = true;
  // Few workers: clients of one thread take turns at each `await`, which needs no free processor.
  await using pools = new PoolSet({ workers: 4 });
  for (const twinCase of twinCases) {
    const { twin, verdict, counts } = await countVerdicts(twinCase, SEEDS, pools);
    for (const [preset, count] of Object.entries(counts)) {
      const holds = count === SEEDS;
      ok &&= holds;
      rows.push(`| ${twin} | ${preset} | ${verdict} | ${count} of ${SEEDS} |`);
      note(`${twin} under ${preset}: ${verdict} in ${count} of ${SEEDS} seeds`);
    }
  }
  const head = ['| store | preset | must be | was |', '|---|---|---|---|'];
  return { ok, text: [...head, ...rows].join('\n') };
}

async function selfTest(): Promise<Section> {
  const results = await runSelfTest({
    seeds: SEEDS,
    seed: values.seed,
    onResult: ({ name, caught, blamed, complaints }) => {
      note(`${name}: caught ${caught} of ${SEEDS}, original blamed ${blamed} of ${SEEDS}`);
      for (const complaint of complaints) note(`  ${complaint}`);
    },
  });
  const rows = results.map(
    ({ name, promise, caught, blamed, runs }) =>
      `| ${name} | ${promise} | ${caught} of ${runs} | ${blamed} of ${runs} |`,
  );
  const head = [
    '| mistake | promise that it breaks | found | original blamed |',
    '|---|---|---|---|',
  ];
  const ok = results.every(({ caught, blamed, runs }) => caught === runs && blamed === 0);
  return { ok, text: [...head, ...rows].join('\n') };
}

async function presets(): Promise<Section> {
  const report = await runPresets({
    full: true,
    seed: values.seed,
    onEvent: (event) => {
      if (event.type !== 'verdict') return;
      const { name, mode, verdict, operations, durationMs } = event.run;
      const seconds = (durationMs / 1000).toFixed(0);
      note(`${name} ${mode}: ${verdict}, ${operations} operations in ${seconds} s`);
    },
  });
  const text = reportText(report);
  console.error(text);
  return { ok: report.verdict === 'ok', text: `\`\`\`text\n${text.trimEnd()}\n\`\`\`` };
}

async function evidence(): Promise<Section> {
  const { ok } = await writeEvidence({ runs: EVIDENCE_RUNS, seed: values.seed, note });
  return { ok, text: 'Packages in wide use, on a page of their own: [evidence.md](evidence.md).' };
}

async function vaultBits(): Promise<Section> {
  const results = await runVaultBits(note);
  return { ok: results.every(isHarmless), text: bitsText(results) };
}

const parts = {
  kill: { title: 'Kill -9', command: 'npm run proof -- --part kill', run: kill },
  'vault-kill': {
    title: 'Kill -9 of a vault',
    command: 'npm run proof -- --part vault-kill',
    run: () => vaultKills(Number(values.rounds), Number(values.seed), note),
  },
  'vault-power': {
    title: 'Power loss under a vault',
    command: 'npm run proof -- --part vault-power',
    run: () => vaultPower(POWER_MOMENTS, Number(values.seed), note),
  },
  'vault-disk': {
    title: 'Full and failing disk under a vault',
    command: 'npm run proof -- --part vault-disk',
    run: () => vaultDisk(DISK_FAULTS, Number(values.seed), note),
  },
  tasks: {
    title: 'Tasks, storms and races',
    command: 'npm run proof -- --part tasks',
    run: () => {
      const counts = { durationMs: STORM_MS, rounds: Math.ceil(Number(values.rounds) / OPENINGS) };
      return tasksProof(counts, Number(values.seed), note);
    },
  },
  twins: { title: 'Broken twins', command: 'npm run proof -- --part twins', run: twins },
  'self-test': {
    title: 'Self-test of the rig',
    command: 'npm run proof -- --part self-test',
    run: selfTest,
  },
  presets: {
    title: 'Presets, full counts',
    command: 'npm run proof -- --part presets',
    run: presets,
  },
  evidence: {
    title: 'Evidence',
    command: 'npm run proof -- --part evidence',
    run: evidence,
  },
  'vault-bits': {
    title: 'Vault, bit by bit',
    command: 'npm run proof -- --part vault-bits',
    run: vaultBits,
  },
};

const file = join(import.meta.dirname, '../docs/proof.md');

/** Puts a section in the place of the one of the same title; the others stay as they are. */
function record(title: string, command: string, { ok, text }: Section): void {
  const old = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : [];
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform}`;
  const when = new Date().toISOString().slice(0, 10);
  const where = `${when}, commit ${commit}, Node ${process.versions.node}, SQLite ${process.versions.sqlite}, ${machine}.`;
  const section = `## ${title}: ${ok ? 'holds' : 'DOES NOT HOLD'}\n\n${where} \`${command}\`\n\n${text}\n\n`;
  const kept = old.filter((other) => !other.startsWith(`## ${title}:`));
  const intro = '# Proof\n\nWhat `npm run proof` printed, part by part.\n\n';
  writeFileSync(file, `${intro}${[...kept, section].toSorted().join('').trimEnd()}\n`);
  console.log(`\n${section}`);
}

const chosen = Object.entries(parts).filter(([name]) => !values.part || values.part === name);
if (chosen.length === 0) {
  console.error(`--part takes one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
for (const [name, { title, command, run }] of chosen) {
  console.error(`\nproof: ${name}`);
  const section = await run();
  record(title, command, section);
  if (!section.ok) process.exitCode = 1;
}
