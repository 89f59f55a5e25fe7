import { resolve } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { SlotInfo, Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText } from '../text.ts';
import { withVault } from './open.ts';
import { newWayOptions, type VaultCall } from './options.ts';
import { slotNamed } from './slots.ts';
import { unlockOf, wayOf, wipeUnlock } from './way-in.ts';

const options = {
  ...newWayOptions,
  slot: { type: 'text', value: 'ID', help: 'Whose password it is, where there are several' },
} as const satisfies OptionTable;

type ChangeCall = VaultCall<typeof options>;

export const passwordChange: Command = {
  options,
  details: `Opened by a password, that one is changed; opened in another way, the only password there is.
Without an option, the new one is asked for twice.`,
  async run(call: ChangeCall) {
    const slot = await withVault(call, async (vault) => {
      const id = await passwordSlot(call, vault);
      const { signal, cwd } = call;
      const file = call.options['new-password-file'];
      const way = {
        passwordFile: file === undefined ? undefined : resolve(cwd, file),
        passwordFd: call.options['new-password-fd'],
      };
      const asking = { env: {}, signal, prompt: 'New password: ', isNew: true };
      const unlock = await unlockOf(way, asking);
      try {
        return await vault.slots.replace(unlock, id, signal);
      } finally {
        wipeUnlock(unlock);
      }
    });
    call.out(call.options.json ? jsonText(slot) : `${slot.id}\n`);
    call.note('The password was changed; the old one opens the vault no more.');
    return 0;
  },
};

/** Undefined for the one that has opened the vault. */
async function passwordSlot(call: ChangeCall, vault: Vault): Promise<string | undefined> {
  const { slot } = call.options;
  if (slot !== undefined) {
    const { id, kind } = await slotNamed(vault, slot);
    if (kind === 'password') return id;
    throw new UsageError(`slot ${id} is a ${kind}, not a password`);
  }
  const { keyFile, privateKeyFile, command, isRecoveryCode } = wayOf(call);
  if (!(keyFile ?? privateKeyFile ?? command) && !isRecoveryCode) return undefined;
  const slots = (await vault.slots.list()).filter(({ kind }) => kind === 'password');
  const [only, other] = slots;
  if (only && !other) return only.id;
  throw other ? severalPasswords(slots) : noPassword();
}

function severalPasswords(slots: readonly SlotInfo[]): HoldfastError {
  const lines = slots.map(({ id }) => `\n  ${id}`).join('');
  return new HoldfastError('CONFLICT', `several passwords open the vault; say --slot:${lines}\n`);
}

function noPassword(): HoldfastError {
  const hint = "'holdfast vault slots add' makes one";
  return new HoldfastError('NOT_FOUND', `the vault has no password; ${hint}`);
}
