import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PresetOptions, Report, TortureEvent } from '../../torture.ts';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';

const MODES = ['threads', 'processes', 'cli'] as const;

const options = {
  store: {
    type: 'text',
    value: 'NAME',
    choices: ['ports'],
    help: 'Store to torture; ports by default',
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
  live: { type: 'flag', help: 'Show on stderr what happens while it does' },
  json: { type: 'flag', help: 'Print the report as JSON' },
  report: { type: 'text', value: 'FILE', help: 'Also write the report as one HTML page' },
  history: { type: 'text', value: 'FILE', help: 'Also write every operation, one JSON a line' },
  subject: {
    type: 'text',
    value: 'FILE',
    help: 'Module of another store to run the scenarios on',
  },
} as const satisfies OptionTable;

export const presets: Command = {
  options,
  args: [{ name: 'PRESET', help: 'Scenario, as P1; every one by default', count: 'many' }],
  details:
    'Exit status: 0 when every verdict is ok, 1 when there is a violation, 3 when one is unknown.',
  async run(call: Call<typeof options>) {
    const { exitStatus, htmlReport, reportText, runPresets } = await import('../../torture.ts');
    const { json, live } = call.options;
    const report = await runPresets({
      ...(await presetOptions(call)),
      onEvent: live ? await watcher(call) : undefined,
    });
    if (call.options.report !== undefined) {
      const file = resolve(call.cwd, call.options.report);
      writeFileSync(file, htmlReport(report));
      call.note(`report: ${file}`);
    }
    call.out(json ? jsonText(report) : reportText(report));
    return exitStatus(report);
  },
};

async function presetOptions(call: Call<typeof options>): Promise<PresetOptions> {
  const { mode = 'all', workers, processes, seed, full, history, subject } = call.options;
  const file = (name: string | undefined) => name && resolve(call.cwd, name);
  const { selectPresets } = await import('../../torture.ts');
  try {
    selectPresets(call.args);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  if (subject !== undefined && mode === 'cli') {
    throw new UsageError("the argument '--subject <FILE>' cannot be used with '--mode cli'");
  }
  return {
    ...{ workers, processes, seed, full },
    presets: call.args,
    modes: mode === 'all' ? undefined : MODES.filter((one) => one === mode),
    history: file(history),
    subject: file(subject),
    signal: call.signal,
  };
}

/** On a terminal a line of progress gives way to the next one; elsewhere there is none. */
async function watcher(call: Call<typeof options>): Promise<(event: TortureEvent) => void> {
  const { liveLine } = await import('../../torture.ts');
  const { isTTY = false } = process.stderr;
  const erase = isTTY ? '\r\x1b[K' : '';
  return (event) => {
    const line = liveLine(event);
    if (line?.isPassing) {
      if (isTTY) process.stderr.write(`${erase}${line.text}`);
    } else if (line) {
      process.stderr.write(erase);
      call.note(line.text);
      void call.flush();
    }
  };
}

/** Without the buckets of the histograms, which only a machine could read. */
function jsonText(report: Report): string {
  const runs = report.runs.map(({ histograms, ...run }) => run);
  return `${JSON.stringify({ ...report, runs }, null, 2)}\n`;
}
