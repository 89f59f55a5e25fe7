import type { SelfTestResult } from '../../torture.ts';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';

const options = {
  seeds: {
    type: 'integer',
    value: 'N',
    min: 1,
    max: 10_000,
    help: 'How often each is run, with a seed of its own; 3 by default',
  },
  seed: { type: 'text', value: 'SEED', help: 'The first seed of a run before' },
  json: { type: 'flag', help: 'Print the results as JSON' },
} as const satisfies OptionTable;

export const selfTest: Command = {
  options,
  args: [{ name: 'MISTAKE', help: 'As lost-update; every one by default', count: 'many' }],
  details: `Runs small stores with a mistake in them, and the same stores without it. Exit status: 0 when every
mistake was found every time and no original was blamed, else 1.`,
  async run(call: Call<typeof options>) {
    const { mistakes, runSelfTest } = await import('../../torture.ts');
    const { seeds, seed, json } = call.options;
    const stranger = call.args.find((name) => !mistakes.includes(name));
    if (stranger !== undefined) {
      throw new UsageError(`there is no mistake '${stranger}'; known are ${mistakes.join(', ')}`);
    }
    const only = call.args.length > 0 ? call.args : undefined;
    const results = await runSelfTest({
      ...{ seeds, seed, only },
      signal: call.signal,
      onResult: (result) => {
        if (json) return;
        call.out(lineOf(result));
        void call.flush();
      },
    });
    if (json) call.out(`${JSON.stringify(results, null, 2)}\n`);
    return results.every(({ runs, caught, blamed }) => caught === runs && blamed === 0) ? 0 : 1;
  },
};

function lineOf({ name, runs, caught, blamed, complaints, durationMs }: SelfTestResult): string {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  const twin = `twin caught ${caught} of ${runs}`;
  const head = `${name.padEnd(22)} ${twin}, original blamed ${blamed} of ${runs}  (${seconds})\n`;
  return head + complaints.map((complaint) => `    ${complaint}\n`).join('');
}
