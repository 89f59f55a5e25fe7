import type { Command } from '../command.ts';
import { jsonText } from '../text.ts';
import { fileArgument, inputOf } from './input.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';
import { signatureText } from './signature.ts';

export const sign: Command = {
  options: {},
  args: [keyArgument, fileArgument],
  details: 'Signs with a key for Ed25519, and authenticates with one for HmacSha256.',
  async run(call: VaultCall) {
    const [name = '', file] = call.args;
    const data = await inputOf(call, file);
    const { algorithm, signature } = await withVault(call, async (vault) => {
      const { id, algorithm } = await keyNamed(vault, name);
      if (algorithm === 'HmacSha256') {
        const { keyId, mac } = await vault.hmac(id, data);
        return { algorithm, signature: { keyId, bytes: mac } };
      }
      const signed = await vault.sign(id, data);
      return { algorithm, signature: { keyId: signed.keyId, bytes: signed.signature } };
    });
    const { keyId, bytes } = signature;
    if (call.options.json) {
      const base64 = Buffer.from(bytes).toString('base64');
      call.out(jsonText({ key_id: keyId, algorithm, signature: base64 }));
    } else call.out(`${signatureText(signature)}\n`);
    return 0;
  },
};
