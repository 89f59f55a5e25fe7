import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPolicy, Ports } from '../src/ports.ts';
import { atMost, type Bench, median } from './figure.ts';
import { cleanEnvironment, inWorkspace } from './workspace.ts';

const ROWS = 1000;
const ROUNDS = 40;
const root = join(import.meta.dirname, '..');

/** Starting the command, reading 1,000 rows, printing them; beside the shortest script that does. */
export const list: Bench = {
  name: '`holdfast ports list` with 1,000 rows',
  run: async () =>
    await inWorkspace(async (directory) => {
      const dir = join(directory, 'data');
      const policy = {
        min: 10_000,
        max: 30_000,
        occupancy: { ...defaultPolicy.occupancy, skip: true },
        autoprune: false,
      };
      {
        await using ports = await Ports.open({ dir, policy });
        const names = Array.from({ length: ROWS }, (_, index) => join(directory, `p${index}`));
        await Promise.all(names.map((name) => ports.reserve(name)));
      }
      const bin = buildPackage(join(directory, 'package'));
      const script = join(import.meta.dirname, 'list-floor.mjs');
      const programs = {
        ours: [process.execPath, bin, 'ports', 'list', '--data-dir', dir],
        floor: [process.execPath, script, join(dir, 'ports.db')],
        node: [process.execPath, '-e', '0'],
      };
      const times = measure(programs, directory);
      const [ours, floor, node] = [median(times.ours), median(times.floor), median(times.node)];
      const mean = times.ours.reduce((sum, time) => sum + time, 0) / times.ours.length;
      return [
        atMost(
          'p50 against a ten-line script that opens the file and prints the same rows',
          ours / floor,
          1.3,
          `${ours.toFixed(1)} ms against ${floor.toFixed(1)} ms`,
        ),
        {
          what: "P11: mean of a list with 1,000 rows, beside the seed's 50 ms and `node -e 0`",
          measured: `${mean.toFixed(1)} ms; seed 50 ms; node -e 0 ${node.toFixed(1)} ms`,
          goal: '',
        },
      ];
    }),
};

/** What users install, with the command line bundled, at a place of its own; answers its bin. */
function buildPackage(directory: string): string {
  const build = join(root, 'scripts/build.mjs');
  const { status } = spawnSync(process.execPath, [build, join(directory, 'dist')], {
    stdio: 'inherit',
    env: cleanEnvironment(),
  });
  if (status !== 0) throw new Error('the package cannot be built');
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return join(directory, 'bin/holdfast.js');
}

type Programs<T> = Record<'ours' | 'floor' | 'node', T>;

/** Interleaved, so that a busy moment of the machine hits all of them. */
function measure(programs: Programs<string[]>, cwd: string): Programs<number[]> {
  const times: Programs<number[]> = { ours: [], floor: [], node: [] };
  const names = ['ours', 'floor', 'node'] as const;
  for (let round = -3; round < ROUNDS; round++) {
    for (const name of names) {
      const elapsed = runOnce(programs[name], cwd, name === 'node' ? 0 : ROWS);
      // The first rounds fill the compile cache and the page cache.
      if (round >= 0) times[name].push(elapsed);
    }
  }
  return times;
}

function runOnce([file = '', ...args]: readonly string[], cwd: string, rows: number): number {
  const from = performance.now();
  const child = spawnSync(file, args, { cwd, env: cleanEnvironment(), encoding: 'utf8' });
  const elapsed = performance.now() - from;
  const lines = child.stdout.split('\n').filter((line) => line !== '').length;
  if (child.status !== 0 || lines < rows) throw new Error(`${file} failed: ${child.stderr}`);
  return elapsed;
}
