import type { Rotated, Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { durationMs } from '../time.ts';
import { keyNamed } from './key-name.ts';
import { keyRowOf, keySentence } from './key-row.ts';
import { withVault } from './open.ts';
import { expectOption, keyArgument, type VaultCall, validityOptions } from './options.ts';
import { validityOf } from './validity.ts';

const options = {
  stage: { type: 'flag', help: 'Leave the new version Pending, until promote' },
  'if-older-than': {
    type: 'text',
    value: 'TIME',
    help: 'Only a version that is older, such as 30d; of many who ask at once one rotates',
    conflicts: ['expect'],
  },
  ...expectOption,
  ...validityOptions,
} as const satisfies OptionTable;

type RotateCall = VaultCall<typeof options>;

export const rotate: Command = {
  options,
  args: [keyArgument],
  async run(call: RotateCall) {
    const { key, rotated } = await withVault(call, (vault) => rotateNamed(call, vault));
    if (call.options.json) call.out(jsonText({ ...keyRowOf(key), rotated }));
    else call.out(`${key.id}\n`);
    call.note(rotated ? keySentence(key) : `${keySentence(key)} It is young enough.`);
    return 0;
  },
};

async function rotateNamed(call: RotateCall, vault: Vault): Promise<Rotated> {
  const { stage } = call.options;
  const age = call.options['if-older-than'];
  const ageMs = age === undefined ? undefined : durationMs(age);
  const wish = { stage, ...validityOf(call) };
  const { id } = await keyNamed(vault, call.args[0] ?? '');
  if (ageMs !== undefined) return await vault.rotateIfOlderThan(id, ageMs, wish);
  const expectedVersion = call.options.expect;
  return { key: await vault.rotate(id, { ...wish, expectedVersion }), rotated: true };
}
