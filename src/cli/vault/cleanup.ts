import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { durationMs } from '../time.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { dryRunOption, keyArgument, type VaultCall } from './options.ts';

const options = {
  keep: {
    type: 'integer',
    value: 'N',
    help: 'How many of the newest versions stay',
    required: true,
  },
  'older-than': { type: 'text', value: 'TIME', help: 'Of the others, only older ones: 90d' },
  ...dryRunOption,
} as const satisfies OptionTable;

export const cleanup: Command = {
  options,
  args: [keyArgument],
  details: 'Only versions that are Deprecated or Revoked are removed, the newest first.',
  async run(call: VaultCall<typeof options>) {
    const { keep = 0, json } = call.options;
    const age = call.options['older-than'];
    const dryRun = call.options['dry-run'] ?? false;
    const olderThanMs = age === undefined ? undefined : durationMs(age);
    const deleted = await withVault(call, async (vault) => {
      const { id } = await keyNamed(vault, call.args[0] ?? '');
      return await vault.cleanup(id, { keep, olderThanMs, dryRun });
    });
    if (json) call.out(jsonText({ dry_run: dryRun, deleted }));
    else for (const id of deleted) call.out(`${id}\n`);
    call.note(`${dryRun ? 'Would remove' : 'Removed'} ${deleted.length} version(s).`);
    return 0;
  },
};
