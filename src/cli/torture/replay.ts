import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { loadDeclaration } from './load.ts';
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
    const { parseReplayToken, runTorture } = await import('../../torture.ts');
    const [token = ''] = call.args;
    const { name, file } = parsed(() => parseReplayToken(token));
    const declared = await loadDeclaration(
      { cwd: call.cwd, file: call.options.file ?? file, hint: '; say with --file where it is' },
      name,
    );
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
