import type { FileFormat } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { FILE_PASSWORD_DETAILS, filePasswordOptions, withFilePassword } from './file-password.ts';
import { keyNamed } from './key-name.ts';
import { keyArgument, type VaultCall } from './options.ts';
import { outputOptions, putOut, refuseTerminal } from './put-out.ts';

export const FORMATS = ['holdfast', 'rust-keyvault-v1'] as const satisfies readonly FileFormat[];

/** How a file for elsewhere is made. */
export const fileOptions = {
  format: { type: 'text', value: 'FORMAT', choices: FORMATS, help: 'holdfast by default' },
  comment: { type: 'text', value: 'TEXT', help: 'To stand in the file for all to read' },
  ...outputOptions,
  ...filePasswordOptions,
} as const satisfies OptionTable;

export const exportKey: Command = {
  options: fileOptions,
  args: [keyArgument],
  details: `Writes a file with one version of a key, for who knows its password.\n${FILE_PASSWORD_DETAILS}`,
  async run(call: VaultCall<typeof fileOptions>) {
    const { comment } = call.options;
    const format = formatOf(call) ?? 'holdfast';
    if (format === 'holdfast') checkOutput(call);
    const { id, file } = await withFilePassword(call, { isNew: true }, async (vault, password) => {
      const { id } = await keyNamed(vault, call.args[0] ?? '');
      return { id, file: await vault.exportKey(id, password, { format, comment }) };
    });
    await putFile(call, { id, format }, file);
    return 0;
  },
};

export function formatOf({ options: { format } }: VaultCall<typeof fileOptions>) {
  return FORMATS.find((name) => name === format);
}

export function checkOutput({ options: { json, output } }: VaultCall<typeof fileOptions>): void {
  if (!json && output === undefined) refuseTerminal('such a file', 'take --output');
}

/** With --json what was done is told, and the file in base64 unless it has a place of its own. */
export async function putFile(
  call: VaultCall<typeof fileOptions>,
  told: Readonly<Record<string, unknown>>,
  file: Buffer,
): Promise<void> {
  const { json, output } = call.options;
  if (!json || output !== undefined) await putOut(call, [file]);
  if (!json) return;
  const place = output === undefined ? { file: file.toString('base64') } : { output };
  call.out(jsonText({ ...told, bytes: file.length, ...place }));
}
