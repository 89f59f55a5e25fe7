import type { ExpectOptions, KeyInfo, KeyState, Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { keyNamed } from './key-name.ts';
import { keyRowOf, keySentence } from './key-row.ts';
import { withVault } from './open.ts';
import { expectOption, keyArgument, type VaultCall } from './options.ts';

const options = { ...expectOption } as const satisfies OptionTable;

type LifecycleCall = VaultCall<typeof options>;

export const promote: Command = moving(
  (vault, id, expected) => vault.promote(id, expected),
  ['Pending'],
);
export const deprecate: Command = moving((vault, id, expected) => vault.deprecate(id, expected));
export const revoke: Command = moving((vault, id, expected) => vault.revoke(id, expected));

export const deleteKey: Command = {
  options,
  args: [keyArgument],
  details: 'The version must not be in use: deprecate or revoke it first.',
  async run(call: LifecycleCall) {
    const key = await withVault(call, async (vault) => {
      const found = await keyNamed(vault, call.args[0] ?? '');
      await vault.delete(found.id, expectedOf(call));
      return found;
    });
    call.out(call.options.json ? jsonText({ id: key.id, deleted: true }) : `${key.id}\n`);
    call.note(`Key ${key.id}, version ${key.version}, is gone.`);
    return 0;
  },
};

/**
 * A command that takes a version of a key into another state; by a label the newest in one of
 * `states`, those in use by default.
 */
function moving(
  move: (vault: Vault, id: string, expected: ExpectOptions) => Promise<KeyInfo>,
  states?: readonly KeyState[],
): Command {
  return {
    options,
    args: [keyArgument],
    async run(call: LifecycleCall) {
      const key = await withVault(call, async (vault) => {
        const { id } = await keyNamed(vault, call.args[0] ?? '', states);
        return await move(vault, id, expectedOf(call));
      });
      call.out(call.options.json ? jsonText(keyRowOf(key)) : `${key.id}\n`);
      call.note(keySentence(key));
      return 0;
    },
  };
}

function expectedOf(call: LifecycleCall): ExpectOptions {
  return { expectedVersion: call.options.expect };
}
