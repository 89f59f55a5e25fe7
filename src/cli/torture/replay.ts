import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { OUTCOME_DETAILS, outcomeOptions, tell } from './outcome.ts';

const options = {
  file: {
    type: 'text',
    value: 'FILE',
    help: 'Module of the declaration, where it is not where it was',
  },
  ...outcomeOptions,
} as const satisfies OptionTable;

export const replay: Command = {
  options,
  args: [{ name: 'TOKEN', help: 'As a run in mode interleave has printed it', required: true }],
  details: OUTCOME_DETAILS,
  async run(call: Call<typeof options>) {
    const { importDeclaration, parseReplayToken, runTorture } = await import('../../torture.ts');
    const [token = ''] = call.args;
    const { name, file } = parsed(() => parseReplayToken(token));
    const path = resolve(call.cwd, call.options.file ?? file);
    if (!existsSync(path)) {
      throw new UsageError(`there is no module ${path}; say with --file where it is`);
    }
    const declared = await importDeclaration(pathToFileURL(path).href, name);
    const again = `holdfast torture replay ${token}`;
    return tell(call, await runTorture(declared, { replay: token, again, signal: call.signal }));
  },
};

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
