import { resolve } from 'node:path';
import type { DeclarationOptions } from '../../torture.ts';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { asJob } from './job.ts';
import { loadDeclaration } from './load.ts';
import { OUTCOME_DETAILS, outcomeOptions, tell, watcher } from './outcome.ts';

const MODES = ['auto', 'interleave', 'threads', 'processes', 'crash', 'both'] as const;
const CLIENTS_MAX = 256;

const options = {
  name: { type: 'text', value: 'NAME', help: 'Declaration to run, where the module has several' },
  mode: {
    type: 'text',
    value: 'MODE',
    choices: MODES,
    help: 'How the clients are kept apart; by default one after the other until a violation',
  },
  clients: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: CLIENTS_MAX,
    help: 'Clients at once; 8 by default, 3 in mode interleave',
  },
  operations: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: 10_000_000,
    help: 'Operations of all clients together; 500 by default, 9 in mode interleave',
  },
  matrix: { type: 'text', value: 'N,N,…', help: 'Run with each of these numbers of clients' },
  schedules: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: 10_000_000,
    help: 'Schedules to try in mode interleave; 2000 by default',
  },
  faults: {
    type: 'text',
    value: 'FAULTS',
    help: "What to do to it, as 'kill pause:every=1s,for=300ms'",
  },
  rate: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: 1_000_000,
    help: 'Operations a second of each client, each due at its time; as fast as they can by default',
  },
  seed: { type: 'text', value: 'SEED', help: 'Draws the same inputs as the run that printed it' },
  ...outcomeOptions,
} as const satisfies OptionTable;

export const run: Command = {
  options,
  args: [{ name: 'FILE', help: 'Module that exports a declaration', required: true }],
  details: OUTCOME_DETAILS,
  async run(call: Call<typeof options>) {
    const { runTorture } = await import('../../torture.ts');
    const [file = ''] = call.args;
    const declared = await loadDeclaration({ cwd: call.cwd, file }, call.options.name);
    const { history, regression } = call.options;
    const watch = call.options.live ? await watcher(call) : undefined;
    const options = {
      ...(await runOptions(call, file)),
      history: history && resolve(call.cwd, history),
      regressionFile: regression && resolve(call.cwd, regression),
    };
    const report = await asJob(call, `holdfast torture run ${file}`, watch, (hooks) =>
      runTorture(declared, { ...options, ...hooks }),
    );
    return tell(call, report);
  },
};

async function runOptions(call: Call<typeof options>, file: string): Promise<DeclarationOptions> {
  const { freshSeed, parseFault } = await import('../../torture.ts');
  const { name, clients, operations, schedules, rate, seed = freshSeed() } = call.options;
  const { matrix, faults } = call.options;
  const mode = MODES.find((one) => one === call.options.mode) ?? 'auto';
  const given = { name, mode, clients, operations, matrix, schedules, faults, rate, seed };
  const words = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `--${option} ${wordOf(String(value))}`);
  return {
    ...{ mode, clients, operations, schedules, rate, seed },
    matrix: matrix === undefined ? undefined : countsOf(matrix),
    faults: faults?.split(/\s+/).filter(Boolean).map(understood(parseFault)),
    again: ['holdfast torture run', wordOf(file), ...words].join(' '),
  };
}

/** What a user has mistyped is their error, not ours. */
function understood<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(error.message);
      throw error;
    }
  };
}

function countsOf(text: string): readonly number[] {
  return text.split(',').map((word) => {
    const count = Number(word);
    if (Number.isInteger(count) && count >= 1 && count <= CLIENTS_MAX) return count;
    throw new UsageError(`--matrix takes numbers from 1 to ${CLIENTS_MAX}, not '${word}'`);
  });
}

/** As a shell takes it for one word. */
function wordOf(text: string): string {
  return /^[\w./:@,+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
