import { HoldfastError } from '../../errors.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { FORMATS } from './export.ts';
import { FILE_PASSWORD_DETAILS, filePasswordOptions, withFilePassword } from './file-password.ts';
import { inputOf } from './input.ts';
import { keyRowOf, keySentence } from './key-row.ts';
import type { VaultCall } from './options.ts';

const options = {
  format: {
    type: 'text',
    value: 'FORMAT',
    choices: FORMATS,
    help: 'Refuse any other; the file itself says which it is',
  },
  overwrite: { type: 'flag', help: 'The file wins over what the vault has' },
  ...filePasswordOptions,
} as const satisfies OptionTable;

export const importKey: Command = {
  options,
  args: [{ name: 'FILE', help: 'What export made; - for stdin', required: true }],
  details: `Takes a key in with its id, version, state and times.\n${FILE_PASSWORD_DETAILS}`,
  async run(call: VaultCall<typeof options>) {
    const { overwrite, json } = call.options;
    const file = await inputOf(call, call.args[0]);
    checkFormat(file, call.options.format);
    const key = await withFilePassword(call, { isNew: false }, (vault, password) =>
      vault.importKey(file, password, { overwrite, signal: call.signal }),
    );
    call.out(json ? jsonText(keyRowOf(key)) : `${key.id}\n`);
    call.note(keySentence(key));
    return 0;
  },
};

/** Those of rust-keyvault are JSON, ours begin with a mark. @throws FORMAT_INVALID */
export function checkFormat(file: Buffer, expected: string | undefined): void {
  if (expected === undefined) return;
  const isJson = /^\s*[{[]/.test(file.toString('latin1', 0, 100));
  if (isJson === (expected === 'rust-keyvault-v1')) return;
  throw new HoldfastError('FORMAT_INVALID', `the file is not of the format ${expected}`);
}
