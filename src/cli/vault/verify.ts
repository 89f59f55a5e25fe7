import type { Vault } from '../../vault.ts';
import type { Command } from '../command.ts';
import { jsonText } from '../text.ts';
import { fileArgument, inputOf } from './input.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';
import { parseSignature, type Signature } from './signature.ts';

const signatureArgument = {
  name: 'SIGNATURE',
  help: 'As sign prints it',
  required: true,
} as const;

export const verify: Command = {
  options: {},
  args: [keyArgument, signatureArgument, fileArgument],
  details: `Any version of the key may have made the signature; a signature of another key is not valid.
Exit status: 1 when it is not valid.`,
  async run(call: VaultCall) {
    const [name = '', text = '', file] = call.args;
    const signature = parseSignature(text);
    const data = await inputOf(call, file);
    const valid = await withVault(call, (vault) => isValid(vault, name, signature, data));
    if (call.options.json) call.out(jsonText({ key_id: signature.keyId, valid }));
    else call.out(valid ? 'valid\n' : 'not valid\n');
    return valid ? 0 : 1;
  },
};

async function isValid(
  vault: Vault,
  name: string,
  { keyId, bytes }: Signature,
  data: Uint8Array,
): Promise<boolean> {
  const { id } = await keyNamed(vault, name);
  const version = (await vault.versions(id)).find((key) => key.id === keyId);
  if (version === undefined) return false;
  if (version.algorithm === 'HmacSha256') {
    return await vault.verifyHmac({ keyId: version.id, mac: bytes }, data);
  }
  return await vault.verify({ keyId: version.id, signature: bytes }, data);
}
