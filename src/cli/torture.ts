import type { Call, Command, OptionTable } from './command.ts';

const MODES = ['threads', 'processes', 'cli', 'all'] as const;

const options = {
  store: { type: 'text', value: 'NAME', help: 'Store to torture; ports by default' },
  workers: { type: 'integer', value: 'N', min: 1, max: 256, help: 'Threads at once' },
  processes: { type: 'integer', value: 'N', min: 1, max: 256, help: 'Processes at once' },
  mode: { type: 'text', value: 'MODE', choices: MODES, help: 'How the workers are kept apart' },
  seed: { type: 'text', value: 'SEED', help: 'Repeats the run that printed it' },
  full: { type: 'flag', help: 'As many rounds as the proof has' },
  live: { type: 'flag', help: 'Show what happens while it does' },
  json: { type: 'flag', help: 'Print the verdicts as JSON' },
  report: { type: 'text', value: 'FILE', help: 'Also write a page that stands for itself' },
} as const satisfies OptionTable;

export const torture: Command = {
  options,
  args: [{ name: 'PRESET', help: 'Scenario, as P1; every one by default', count: 'many' }],
  details: 'Exit status: 0 when every verdict is ok, 1 when one is not.',
  async run(call: Call<typeof options>) {
    const { runPresets } = await import('../torture.ts');
    const { mode } = call.options;
    return runPresets({
      ...call.options,
      presets: call.args,
      mode: MODES.find((name) => name === mode) ?? 'all',
      signal: call.signal,
    });
  },
};
