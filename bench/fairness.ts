import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Ports } from '../src/ports.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { cleanEnvironment, inWorkspace, projects } from './workspace.ts';

const PROCESSES = 20;
const RUN_MS = 10_000;
const RUNS = 3;
export interface SaturationResult {
  readonly commits: number;
  readonly errors: number;
  readonly longestMs: number;
}

/** Twenty processes that write without a pause. */
export const fairness: Bench = {
  name: `${PROCESSES} saturating processes, ${RUN_MS / 1000} s, durability power`,
  run: async (note) => {
    const ours: Run[] = [];
    for (let index = 0; index < RUNS; index++) {
      ours.push(await saturate('holdfast'));
      note(`holdfast run ${index + 1} of ${RUNS}: ${describe(ours.at(-1))}`);
    }
    const bare = await saturate('busy-timeout');
    note(`busy_timeout 30 s: ${describe(bare)}`);
    return judge(ours, bare);
  },
};

interface Run {
  readonly commitsPerSecond: number;
  readonly errors: number;
  readonly longestMs: number;
  /** Commits of the busiest process over those of the least busy. */
  readonly spread: number;
}

function judge(ours: readonly Run[], bare: Run): readonly Figure[] {
  const errors = ours.reduce((sum, run) => sum + run.errors, 0);
  const longest = median(ours.map((run) => run.longestMs));
  const spread = median(ours.map((run) => run.spread));
  const rate = median(ours.map((run) => run.commitsPerSecond));
  return [
    { what: 'errors', measured: String(errors), goal: '0', pass: errors === 0 },
    {
      what: 'longest wait (median of 3 runs)',
      measured: `${longest.toFixed(0)} ms; busy_timeout ${bare.longestMs.toFixed(0)} ms`,
      goal: '<= 1000 ms',
      pass: longest <= 1000,
    },
    {
      what: 'commits of the busiest process over the least busy (median of 3 runs)',
      measured: `${spread.toFixed(2)} ×; busy_timeout ${bare.spread.toFixed(1)} ×`,
      goal: '<= 2 ×',
      pass: spread <= 2,
    },
    {
      what: 'commits per second',
      measured: `${rate.toFixed(0)}; busy_timeout ${bare.commitsPerSecond.toFixed(0)}`,
      goal: '',
    },
  ];
}

function describe(run: Run | undefined): string {
  if (!run) return '';
  const { commitsPerSecond, longestMs, spread, errors } = run;
  return `${commitsPerSecond.toFixed(0)} commits/s, longest wait ${longestMs.toFixed(0)} ms, spread ${spread.toFixed(2)} ×, ${errors} errors`;
}

async function saturate(subject: 'holdfast' | 'busy-timeout'): Promise<Run> {
  return await inWorkspace(async (directory) => {
    const dir = join(directory, 'data');
    const paths = projects(directory, PROCESSES);
    {
      await using ports = await Ports.open({ dir });
      await Promise.all(paths.map((path) => ports.reserve(path)));
    }
    const workers = paths.map((path) => new SaturatingWorker([subject, dir, path, String(RUN_MS)]));
    // A process that is still starting would take the time of those that write.
    await Promise.all(workers.map((worker) => worker.ready));
    const results = await Promise.all(workers.map((worker) => worker.run()));
    const commits = results.map((result) => result.commits);
    return {
      commitsPerSecond: commits.reduce((sum, count) => sum + count, 0) / (RUN_MS / 1000),
      errors: results.reduce((sum, result) => sum + result.errors, 0),
      longestMs: Math.max(...results.map((result) => result.longestMs)),
      spread: Math.max(...commits) / Math.max(1, Math.min(...commits)),
    };
  });
}

/** One of the processes: starts, says that it is ready, and writes when it is told to. */
class SaturatingWorker {
  readonly ready: Promise<unknown>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #result: Promise<SaturationResult>;

  constructor(args: readonly string[]) {
    const file = join(import.meta.dirname, 'fairness-worker.ts');
    this.#child = spawn(process.execPath, [file, ...args], {
      env: cleanEnvironment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text));
    this.ready = once(this.#child.stdout, 'data');
    this.#result = once(this.#child, 'close').then(() =>
      JSON.parse(lines.join('').replace('ready\n', '')),
    );
  }

  run(): Promise<SaturationResult> {
    this.#child.stdin.end('go\n');
    return this.#result;
  }
}
