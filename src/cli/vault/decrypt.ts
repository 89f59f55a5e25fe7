import { Readable } from 'node:stream';
import type { Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { boundTo, HEAD_BYTES, keyIdOf } from './encrypt.ts';
import { headOf, through, watched } from './flow.ts';
import { fileArgument, inputStream, wholeOf } from './input.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';
import { outputOptions, putOut } from './put-out.ts';

const options = {
  aad: { type: 'text', value: 'TEXT', help: 'What it was bound to' },
  base64: { type: 'flag', help: 'Read base64' },
  ...outputOptions,
} as const satisfies OptionTable;

type DecryptCall = VaultCall<typeof options>;

/** Offset 0 · 1 · format of what a vault encrypts: a stream, and not one ciphertext. */
const STREAM = 2;

export const decrypt: Command = {
  options,
  args: [fileArgument],
  details: `What was encrypted names its key. With --json the plaintext is in base64. Of data that is long
stdout has what is known to be authentic so far: that all of it was there the exit status tells, and
a file of --output.`,
  async run(call: DecryptCall) {
    await withVault(call, async (vault) => {
      const found = await inputStream(call, call.args[0]);
      const input = call.options.base64 ? Readable.from([await decoded(found)]) : found;
      try {
        const head = await headOf(input, HEAD_BYTES);
        await putPlain(call, keyIdOf(head), await plainOf(call, vault, { head, input }));
      } finally {
        // What is wrong with it may be known before all of it was read.
        input.destroy();
      }
    });
    return 0;
  },
};

async function putPlain(call: DecryptCall, key_id: string, plain: Readable): Promise<void> {
  const { json, output } = call.options;
  if (!json || output !== undefined) {
    await putOut(call, watched(plain, 'Decrypted'));
    if (json) call.out(jsonText({ key_id, output }));
    return;
  }
  const plaintext = await wholeOf(plain);
  call.out(jsonText({ key_id, plaintext: plaintext.toString('base64') }));
  plaintext.fill(0);
}

async function decoded(input: Readable): Promise<Buffer> {
  return Buffer.from((await wholeOf(input)).toString('latin1'), 'base64');
}

async function plainOf(
  { options: { aad } }: DecryptCall,
  vault: Vault,
  { head, input }: { readonly head: Buffer; readonly input: Readable },
): Promise<Readable> {
  if (head[0] === STREAM) return through(input, vault.decryptStream(boundTo(aad)));
  const ciphertext = head.length < HEAD_BYTES ? head : await wholeOf(input);
  return Readable.from([await vault.decrypt(ciphertext, boundTo(aad))]);
}
