import { resolve } from 'node:path';
import type { Command, OptionTable } from '../command.ts';
import { FILE_PASSWORD_DETAILS, filePasswordOptions, withFilePassword } from './file-password.ts';
import { withVault } from './open.ts';
import { dryRunOption, type VaultCall } from './options.ts';
import { tell } from './restore.ts';

const options = {
  plaintext: { type: 'flag', help: 'Its keys are not encrypted: it has no password' },
  ...dryRunOption,
  ...filePasswordOptions,
} as const satisfies OptionTable;

export const importRustKeyvault: Command = {
  options,
  args: [{ name: 'DIR', help: 'Directory of a vault of rust-keyvault 0.2', required: true }],
  details: `Takes in the keys that are whole, and says what is damaged. The password of the file is that of
the directory here. Exit status: 1 when a key is lost, or something was left as it was.
${FILE_PASSWORD_DETAILS}`,
  async run(call: VaultCall<typeof options>) {
    const { plaintext, 'dry-run': dryRun = false } = call.options;
    const directory = resolve(call.cwd, call.args[0] ?? '');
    const wish = { dryRun, signal: call.signal };
    const report = plaintext
      ? await withVault(call, (vault) => vault.importRustKeyvault(directory, undefined, wish))
      : await withFilePassword(call, { isNew: false }, (vault, password) =>
          vault.importRustKeyvault(directory, { password }, wish),
        );
    return tell(call, report, dryRun);
  },
};
