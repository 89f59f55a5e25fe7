import { resolve } from 'node:path';
import type { PresetOptions } from '../../torture.ts';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { asJob } from './job.ts';
import { scenarioList } from './list.ts';
import { OUTCOME_DETAILS, outcomeOptions, tell, watcher } from './outcome.ts';

const STORES = ['vault', 'ports', 'tasks'] as const;
const MODES = ['threads', 'processes', 'crash', 'cli'] as const;

const options = {
  store: {
    type: 'text',
    value: 'NAME',
    choices: STORES,
    help: 'Store to torture, where no PRESET is named; all by default',
  },
  workers: { type: 'integer', value: 'N', min: 1, max: 256, help: 'Threads at once' },
  processes: { type: 'integer', value: 'N', min: 1, max: 256, help: 'Processes at once' },
  mode: {
    type: 'text',
    value: 'MODE',
    choices: [...MODES, 'all'],
    help: 'How the clients are kept apart; all by default',
  },
  seed: { type: 'text', value: 'SEED', help: 'Draws the same inputs as the run that printed it' },
  full: { type: 'flag', help: 'As many operations as the proof has' },
  list: {
    type: 'flag',
    help: 'Print every scenario there is, and which of them can be run',
    conflicts: ['live', 'report', 'history', 'subject'],
  },
  ...outcomeOptions,
  subject: {
    type: 'text',
    value: 'FILE',
    help: 'Module of another store to run the scenarios on',
  },
} as const satisfies OptionTable;

export const presets: Command = {
  options,
  args: [
    {
      name: 'PRESET',
      help: 'Scenario, as P1; every one that can be run by default',
      count: 'many',
    },
  ],
  details: OUTCOME_DETAILS,
  async run(call: Call<typeof options>) {
    if (call.options.list) return list(call);
    const { runPresets } = await import('../../torture.ts');
    const watch = call.options.live ? await watcher(call) : undefined;
    const options = await presetOptions(call);
    const name = ['holdfast torture', ...call.args].join(' ');
    const report = await asJob(call, name, watch, (hooks) => runPresets({ ...options, ...hooks }));
    return tell(call, report);
  },
};

async function list(call: Call<typeof options>): Promise<number> {
  const { catalogue } = await import('../../torture.ts');
  const [first] = call.args;
  if (first !== undefined) throw new UsageError(`unexpected argument '${first}' found`);
  call.out(call.options.json ? `${JSON.stringify(catalogue, null, 2)}\n` : scenarioList(catalogue));
  return 0;
}

async function presetOptions(call: Call<typeof options>): Promise<PresetOptions> {
  const {
    mode = 'all',
    store: named,
    workers,
    processes,
    seed,
    full,
    history,
    subject,
  } = call.options;
  const file = (name: string | undefined) => name && resolve(call.cwd, name);
  const { selectPresets } = await import('../../torture.ts');
  const store = STORES.find((one) => one === named);
  try {
    const chosen = selectPresets(call.args, store);
    if (subject !== undefined && new Set(chosen.map((one) => one.store)).size > 1) {
      throw new UsageError('a subject is for presets of one store: name them, or the store');
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
  if (subject !== undefined && mode === 'cli') {
    throw new UsageError("the argument '--subject <FILE>' cannot be used with '--mode cli'");
  }
  return {
    ...{ workers, processes, seed, full },
    presets: call.args,
    store,
    modes: mode === 'all' ? undefined : MODES.filter((one) => one === mode),
    history: file(history),
    subject: file(subject),
  };
}
