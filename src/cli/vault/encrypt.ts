import type { Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { headOf, through, watched } from './flow.ts';
import { fileArgument, inputOf, inputStream } from './input.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';
import { outputOptions, putOut, refuseTerminal } from './put-out.ts';

const options = {
  aad: {
    type: 'text',
    value: 'TEXT',
    help: 'Bind it to this text, which decrypt must be given too',
  },
  base64: { type: 'flag', help: 'Write base64, all at once' },
  ...outputOptions,
} as const satisfies OptionTable;

type EncryptCall = VaultCall<typeof options>;

export const encrypt: Command = {
  options,
  args: [keyArgument, fileArgument],
  details: `Data of any length is encrypted as it comes, as \`encryptStream\` of the library does it; with
--base64, and with --json on stdout, it is one ciphertext, as \`encrypt\` makes it.`,
  async run(call: EncryptCall) {
    const { base64, json, output } = call.options;
    if (base64 || (json && output === undefined)) await encryptWhole(call);
    else await encryptStream(call);
    return 0;
  },
};

async function encryptStream(call: EncryptCall): Promise<void> {
  const { aad, json, output } = call.options;
  if (output === undefined) refuseTerminal('a ciphertext', 'take --base64, --json or --output');
  const [name = '', file] = call.args;
  const head = await withVault(call, async (vault) => {
    const change = await vault.encryptStream(await idOf(vault, name), boundTo(aad));
    const encrypted = through(await inputStream(call, file), change);
    const start = await headOf(encrypted, HEAD_BYTES);
    await putOut(call, watched(encrypted, 'Encrypted'));
    return start;
  });
  if (json) call.out(jsonText({ key_id: keyIdOf(head), output }));
}

async function encryptWhole(call: EncryptCall): Promise<void> {
  const { aad, json, output } = call.options;
  const [name = '', file] = call.args;
  const plaintext = await inputOf(call, file);
  try {
    const ciphertext = await withVault(call, async (vault) =>
      vault.encrypt(await idOf(vault, name), plaintext, boundTo(aad)),
    );
    const [key_id, text] = [keyIdOf(ciphertext), ciphertext.toString('base64')];
    if (json && output === undefined) {
      call.out(jsonText({ key_id, ciphertext: text }));
      return;
    }
    await putOut(call, [Buffer.from(`${text}\n`)]);
    if (json) call.out(jsonText({ key_id, output }));
  } finally {
    plaintext.fill(0);
  }
}

async function idOf(vault: Vault, name: string): Promise<string> {
  return (await keyNamed(vault, name)).id;
}

/** Of all that a vault encrypts, up to the id of the version of the key (offset 2 · 16). */
export const HEAD_BYTES = 18;

export function keyIdOf(encrypted: Buffer): string {
  return encrypted.toString('hex', 2, HEAD_BYTES);
}

/** What is authenticated beside the data. */
export function boundTo(aad: string | undefined): { readonly aad?: Uint8Array | undefined } {
  return { aad: aad === undefined ? undefined : Buffer.from(aad) };
}
