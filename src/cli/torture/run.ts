import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { OUTCOME_DETAILS, outcomeOptions, tell, watcher } from './outcome.ts';

const MODES = ['threads', 'processes', 'both'] as const;

const options = {
  name: { type: 'text', value: 'NAME', help: 'Declaration to run, where the module has several' },
  mode: {
    type: 'text',
    value: 'MODE',
    choices: MODES,
    help: 'How the clients are kept apart; both, one after the other, by default',
  },
  clients: { type: 'integer', value: 'N', min: 1, max: 256, help: 'Clients at once; 8 by default' },
  operations: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: 10_000_000,
    help: 'Operations of all clients together; 500 by default',
  },
  seed: { type: 'text', value: 'SEED', help: 'Draws the same inputs as the run that printed it' },
  ...outcomeOptions,
} as const satisfies OptionTable;

export const run: Command = {
  options,
  args: [{ name: 'FILE', help: 'Module that exports a declaration', required: true }],
  details: OUTCOME_DETAILS,
  async run(call: Call<typeof options>) {
    const { freshSeed, importDeclaration, runTorture } = await import('../../torture.ts');
    const [file = ''] = call.args;
    const path = resolve(call.cwd, file);
    if (!existsSync(path)) throw new UsageError(`there is no module ${path}`);
    const { name, clients, operations, history, seed = freshSeed() } = call.options;
    const mode = MODES.find((one) => one === call.options.mode) ?? 'both';
    const declared = await importDeclaration(pathToFileURL(path).href, name);
    const words = Object.entries({ name, mode, clients, operations, seed })
      .filter(([, value]) => value !== undefined)
      .map(([option, value]) => `--${option} ${wordOf(String(value))}`);
    const report = await runTorture(declared, {
      ...{ mode, clients, operations, seed },
      replay: ['holdfast torture run', wordOf(file), ...words].join(' '),
      history: history && resolve(call.cwd, history),
      signal: call.signal,
      onEvent: call.options.live ? await watcher(call) : undefined,
    });
    return tell(call, report);
  },
};

/** As a shell takes it for one word. */
function wordOf(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
