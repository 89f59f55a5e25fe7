import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { fileArgument, inputOf, outputOptions, putOut, refuseTerminal } from './data.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';

const options = {
  aad: {
    type: 'text',
    value: 'TEXT',
    help: 'Bind it to this text, which decrypt must be given too',
  },
  base64: { type: 'flag', help: 'Write base64' },
  ...outputOptions,
} as const satisfies OptionTable;

export const encrypt: Command = {
  options,
  args: [keyArgument, fileArgument],
  async run(call: VaultCall<typeof options>) {
    const { aad, base64, json, output } = call.options;
    if (!json && !base64 && output === undefined) {
      refuseTerminal('a ciphertext', 'take --base64, --json or --output');
    }
    const [name = '', file] = call.args;
    const plaintext = await inputOf(call, file);
    try {
      const { keyId, ciphertext } = await withVault(call, async (vault) => {
        const { id } = await keyNamed(vault, name);
        const sealed = await vault.encrypt(id, plaintext, boundTo(aad));
        const { parseCiphertext } = await import('../../vault.ts');
        return { keyId: parseCiphertext(sealed).keyId, ciphertext: sealed };
      });
      const text = json || base64 ? ciphertext.toString('base64') : undefined;
      if (json) call.out(jsonText({ key_id: keyId, ciphertext: text }));
      else await putOut(call, text === undefined ? ciphertext : Buffer.from(`${text}\n`));
    } finally {
      plaintext.fill(0);
    }
    return 0;
  },
};

/** What is authenticated beside the data. */
export function boundTo(aad: string | undefined): { readonly aad?: Uint8Array | undefined } {
  return { aad: aad === undefined ? undefined : Buffer.from(aad) };
}
