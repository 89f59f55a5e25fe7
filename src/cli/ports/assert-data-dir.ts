import { statSync } from 'node:fs';
import type { Command, OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { globals, type PortsCall } from './options.ts';
import { dataDirOf, settingsOf } from './settings.ts';

const options = {
  'data-dir': globals['data-dir'],
  not: { type: 'flag', help: 'Succeed if it is not there' },
  validate: { type: 'flag', help: 'Check every table and row as well; nothing is repaired' },
} as const satisfies OptionTable;

export const assertDataDir: Command = {
  options,
  async run(call: PortsCall<typeof options>) {
    const { not, validate } = call.options;
    const dir = await dataDirOf(call);
    const exists = statSync(dir, { throwIfNoEntry: false }) !== undefined;
    if (validate) {
      await settingsOf(call);
      // What cannot be read is a failure, and not an answer that --not could turn around.
      if (exists) await assertSound(dir);
    }
    if (exists === (not ?? false)) {
      const what = exists
        ? `data directory exists at ${dir}`
        : `data directory not found at ${dir}`;
      throw new Failure(1, `Assertion failed: ${what}`);
    }
    return 0;
  },
};

async function assertSound(dir: string): Promise<void> {
  const { validateStore } = await import('../../ports.ts');
  const [finding] = await validateStore(dir);
  if (finding) throw new Failure(6, finding.message);
}
