import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { fileArgument, inputOf, outputOptions, putOut } from './data.ts';
import { boundTo } from './encrypt.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';

const options = {
  aad: { type: 'text', value: 'TEXT', help: 'What it was bound to' },
  base64: { type: 'flag', help: 'Read base64' },
  ...outputOptions,
} as const satisfies OptionTable;

export const decrypt: Command = {
  options,
  args: [fileArgument],
  details: 'The ciphertext names its key. With --json the plaintext is in base64.',
  async run(call: VaultCall<typeof options>) {
    const { aad, json } = call.options;
    const read = await inputOf(call, call.args[0]);
    const ciphertext = call.options.base64 ? Buffer.from(read.toString('latin1'), 'base64') : read;
    const { parseCiphertext } = await import('../../vault.ts');
    const { keyId } = parseCiphertext(ciphertext);
    const plaintext = await withVault(call, (vault) => vault.decrypt(ciphertext, boundTo(aad)));
    try {
      if (json) call.out(jsonText({ key_id: keyId, plaintext: plaintext.toString('base64') }));
      else await putOut(call, plaintext);
    } finally {
      plaintext.fill(0);
    }
    return 0;
  },
};
