import type { Command, OptionTable } from '../command.ts';
import { checkOutput, fileOptions, formatOf, putFile } from './export.ts';
import { FILE_PASSWORD_DETAILS, withFilePassword } from './file-password.ts';
import type { VaultCall } from './options.ts';
import { Progress } from './progress.ts';

const options = {
  ...fileOptions,
  'with-audit': { type: 'flag', help: 'Take the audit log along' },
} as const satisfies OptionTable;

export const backup: Command = {
  options,
  details: `Writes a file with all keys and secrets as of one moment, for who knows its password.
${FILE_PASSWORD_DETAILS}`,
  async run(call: VaultCall<typeof options>) {
    const { comment, 'with-audit': audit } = call.options;
    const format = formatOf(call) ?? 'holdfast';
    if (format === 'holdfast') checkOutput(call);
    const { signal } = call;
    const file = await withFilePassword(call, { isNew: true }, async (vault, password) => {
      using progress = new Progress('Keys sealed');
      const onProgress = progress.tell;
      return await vault.backup(password, { format, comment, audit, signal, onProgress });
    });
    await putFile(call, { format }, file);
    return 0;
  },
};
