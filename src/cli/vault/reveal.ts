import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText } from '../text.ts';
import { keyNamed } from './key-name.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';
import { putOut, refuseTerminal } from './put-out.ts';

const options = {
  hex: { type: 'flag', help: 'In hexadecimal, as by default' },
  base64: { type: 'flag', help: 'In base64', conflicts: ['hex'] },
  raw: { type: 'flag', help: 'As the bytes themselves', conflicts: ['hex', 'base64', 'json'] },
} as const satisfies OptionTable;

export const reveal: Command = {
  options,
  args: [keyArgument],
  details: 'Shows the 32 bytes of a key. To use it, encrypt, sign and run need not show it.',
  async run(call: VaultCall<typeof options>) {
    const { raw, json } = call.options;
    if (raw && json) throw new UsageError('bytes as they are do not go into JSON');
    if (raw) refuseTerminal('a key', 'take --hex or --base64, or redirect it');
    const encoding = call.options.base64 ? 'base64' : 'hex';
    const { id, secret } = await withVault(call, async (vault) => {
      const key = await keyNamed(vault, call.args[0] ?? '');
      return { id: key.id, secret: await vault.reveal(key.id) };
    });
    try {
      const bytes = Buffer.from(secret.expose().buffer);
      if (raw) await putOut(call, [bytes]);
      else {
        const key = bytes.toString(encoding);
        call.out(json ? jsonText({ id, encoding, key }) : `${key}\n`);
      }
    } finally {
      secret.dispose();
    }
    return 0;
  },
};
