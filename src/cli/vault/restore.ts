import type { DirectoryReport, RestoreReport } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { FORMATS } from './export.ts';
import { FILE_PASSWORD_DETAILS, filePasswordOptions, withFilePassword } from './file-password.ts';
import { checkFormat } from './import.ts';
import { inputOf } from './input.ts';
import { dryRunOption, type VaultCall } from './options.ts';
import { Progress } from './progress.ts';

const options = {
  format: {
    type: 'text',
    value: 'FORMAT',
    choices: FORMATS,
    help: 'Refuse any other; the file itself says which it is',
  },
  overwrite: { type: 'flag', help: 'The backup wins over what the vault has' },
  ...dryRunOption,
  ...filePasswordOptions,
} as const satisfies OptionTable;

export const restore: Command = {
  options,
  args: [{ name: 'FILE', help: 'What backup made; - for stdin', required: true }],
  details: `Takes in all that a backup has, at once or not at all. What the vault has otherwise stays.
Exit status: 1 when there are such conflicts.
${FILE_PASSWORD_DETAILS}`,
  async run(call: VaultCall<typeof options>) {
    const { overwrite, 'dry-run': dryRun = false } = call.options;
    const { signal } = call;
    const file = await inputOf(call, call.args[0]);
    checkFormat(file, call.options.format);
    const report = await withFilePassword(call, { isNew: false }, async (vault, password) => {
      // Of a backup of rust-keyvault each key takes a derivation of its own.
      using progress = new Progress('Keys opened');
      const onProgress = progress.tell;
      return await vault.restore(file, password, { overwrite, dryRun, signal, onProgress });
    });
    return tell(call, report, dryRun);
  },
};

/** Answers the exit status: 1 where something was left as it was. */
export function tell(
  call: VaultCall,
  report: RestoreReport & Partial<Pick<DirectoryReport, 'findings'>>,
  dryRun: boolean,
): number {
  const { created, updated, unchanged, conflicts, secrets, findings } = report;
  const keys = { created, updated, unchanged, conflicts };
  const left = [
    ...conflicts.map(({ id, why }) => `key ${id}: ${why}`),
    ...secrets.conflicts.map(({ name, why }) => `secret ${name}: ${why}`),
  ];
  if (call.options.json) {
    const damage = findings?.map(({ isKeyLost, id = null, ...finding }) => ({
      ...finding,
      ...{ id, is_key_lost: isKeyLost },
    }));
    call.out(jsonText({ dry_run: dryRun, keys, secrets, ...(damage && { findings: damage }) }));
  } else {
    call.out(`${countText('keys', keys)}\n${countText('secrets', secrets)}\n`);
  }
  for (const line of left) call.note(plainText(`Left as it was: ${line}`));
  for (const { file, message } of findings ?? []) call.note(plainText(`${file}: ${message}`));
  if (dryRun) call.note('Dry run: nothing was done.');
  return left.length > 0 || findings?.some(({ isKeyLost }) => isKeyLost) ? 1 : 0;
}

type Counted = Readonly<
  Record<'created' | 'updated' | 'unchanged' | 'conflicts', readonly unknown[]>
>;

function countText(what: string, { created, updated, unchanged, conflicts }: Counted): string {
  const counts = { created, updated, unchanged, conflicts };
  const words = Object.entries(counts).map(([name, { length }]) => `${length} ${name}`);
  return `${what}: ${words.join(', ')}`;
}
