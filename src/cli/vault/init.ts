import { HoldfastError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { directoryOf } from '../directory.ts';
import { jsonText } from '../text.ts';
import { hasVault, withVaultBy } from './open.ts';
import type { VaultCall } from './options.ts';
import { unlockOf, wayOf, wipeUnlock } from './way-in.ts';

export const init: Command = {
  options: {},
  details: `What is given to open a vault is the first way into the new one: a password, which is asked for
twice where nothing is given, a key file (made when there is none) or what a command prints.`,
  async run(call: VaultCall) {
    const dir = directoryOf(call, call.options.dir);
    const way = wayOf(call);
    if (await hasVault(dir)) throw new HoldfastError('CONFLICT', `there is a vault in ${dir}`);
    const { env, signal } = call;
    const unlock = await unlockOf(way, { env, signal, prompt: 'New password: ', isNew: true });
    try {
      const [slot] = await withVaultBy(call, unlock, (vault) => vault.slots.list(), true);
      call.out(call.options.json ? jsonText({ dir, slot }) : `${dir}\n`);
      call.note(`Made a vault, which opens by a ${slot?.kind}.`);
    } finally {
      wipeUnlock(unlock);
    }
    return 0;
  },
};
