import type { Algorithm } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { keyRowOf } from './key-row.ts';
import { withVault } from './open.ts';
import { type VaultCall, validityOptions } from './options.ts';
import { validityOf } from './validity.ts';

export const ALGORITHM_NAMES = [
  'XChaCha20Poly1305',
  'ChaCha20Poly1305',
  'Aes256Gcm',
  'Ed25519',
  'X25519',
  'HmacSha256',
] as const satisfies readonly Algorithm[];

const options = {
  algorithm: {
    type: 'text',
    value: 'NAME',
    choices: ALGORITHM_NAMES,
    help: 'What it is for; XChaCha20Poly1305 by default',
  },
  label: { type: 'text', value: 'TEXT', help: 'A name for people' },
  ...validityOptions,
} as const satisfies OptionTable;

export const create: Command = {
  options,
  async run(call: VaultCall<typeof options>) {
    const { label, json } = call.options;
    const algorithm = ALGORITHM_NAMES.find((name) => name === call.options.algorithm);
    const wish = { algorithm, label, ...validityOf(call) };
    const key = await withVault(call, (vault) => vault.create(wish));
    call.out(json ? jsonText(keyRowOf(key)) : `${key.id}\n`);
    return 0;
  },
};
