import { resolve } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { NewUnlock, SlotInfo, Unlock, Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText } from '../text.ts';
import { tableText } from './key-row.ts';
import { withVault } from './open.ts';
import { newWayOptions, type VaultCall } from './options.ts';
import { unlockOf, wipeUnlock } from './way-in.ts';

const PREFIX_MIN = 6;

export const slotsList: Command = {
  options: {},
  async run(call: VaultCall) {
    const slots = await withVault(call, (vault) => vault.slots.list());
    if (call.options.json) call.out(jsonText(slots));
    else
      call.out(
        tableText(
          ['ID', 'KIND'],
          slots.map(({ id, kind }) => [id, kind]),
        ),
      );
    return 0;
  },
};

const addOptions = {
  ...newWayOptions,
  'new-key-file': { type: 'text', value: 'FILE', help: 'Key file; made when there is none' },
  'new-unlock-command': { type: 'text', value: 'COMMAND', help: 'Command that prints a secret' },
  'new-recovery-code': { type: 'flag', help: 'Make a recovery code, and print it' },
  'new-private-key-file': {
    type: 'text',
    value: 'FILE',
    help: 'X25519 key of a recipient; made when there is none',
  },
  recipient: { type: 'text', value: 'HEX', help: 'X25519 public key of a recipient' },
} as const satisfies OptionTable;

type AddCall = VaultCall<typeof addOptions>;

export const slotsAdd: Command = {
  options: addOptions,
  details: 'Without an option, a new password is asked for twice.',
  async run(call: AddCall) {
    checkOneWay(call);
    const { slot, code } = await withVault(call, async (vault) => {
      const unlock = await newUnlockOf(call);
      try {
        const added = await vault.slots.add(unlock, call.signal);
        const isCode = 'recoveryCode' in unlock;
        return {
          slot: added,
          code: isCode ? Buffer.from(unlock.recoveryCode).toString() : undefined,
        };
      } finally {
        wipeUnlock(unlock);
      }
    });
    if (call.options.json) {
      call.out(jsonText({ ...slot, ...(code !== undefined && { recovery_code: code }) }));
    } else call.out(`${code ?? slot.id}\n`);
    call.note(
      code === undefined
        ? `The vault now opens by this ${slot.kind} too.`
        : 'Write the code down: it is not shown again.',
    );
    return 0;
  },
};

export const slotsRemove: Command = {
  options: {},
  args: [{ name: 'ID', help: 'Id of a slot, or its first 6 digits or more', required: true }],
  details: 'The last way into a vault stays.',
  async run(call: VaultCall) {
    const slot = await withVault(call, async (vault) => {
      const found = await slotNamed(vault, call.args[0] ?? '');
      await vault.slots.remove(found.id);
      return found;
    });
    call.out(call.options.json ? jsonText({ ...slot, removed: true }) : `${slot.id}\n`);
    call.note(`The vault opens by this ${slot.kind} no more.`);
    return 0;
  },
};

/** @throws NOT_FOUND, CONFLICT */
export async function slotNamed(vault: Vault, name: string): Promise<SlotInfo> {
  const slots = await vault.slots.list();
  const prefix = name.toLowerCase();
  const found = prefix.length < PREFIX_MIN ? [] : slots.filter(({ id }) => id.startsWith(prefix));
  const [slot, other] = found;
  const lines = slots.map(({ id, kind }) => `\n  ${id} ${kind}`).join('');
  if (other) throw new HoldfastError('CONFLICT', `several slots begin so:${lines}\n`);
  if (slot) return slot;
  throw new HoldfastError('NOT_FOUND', `the vault has no such slot, but these:${lines}\n`);
}

function checkOneWay({ options }: AddCall): void {
  const given = Object.keys(options).filter((name) => Object.hasOwn(addOptions, name));
  if (given.length <= 1) return;
  throw new UsageError(`a slot is for one way: --${given.join(' and --')} are too many`);
}

async function newUnlockOf(call: AddCall): Promise<NewUnlock | Unlock> {
  const { options, cwd, signal } = call;
  if (options['new-recovery-code']) {
    const { newRecoveryCode } = await import('../../vault.ts');
    return { recoveryCode: newRecoveryCode() };
  }
  if (options.recipient !== undefined) return { publicKey: publicKeyOf(options.recipient) };
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(cwd, text));
  const privateKeyFile = path(options['new-private-key-file']);
  if (privateKeyFile !== undefined) await makePrivateKey(privateKeyFile);
  const way = {
    passwordFile: path(options['new-password-file']),
    passwordFd: options['new-password-fd'],
    keyFile: path(options['new-key-file']),
    command: options['new-unlock-command'],
    privateKeyFile,
  };
  return await unlockOf(way, { env: {}, signal, prompt: 'New password: ', isNew: true });
}

function publicKeyOf(hex: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw new UsageError('a public key is 64 hexadecimal digits');
}

/** Any 32 random bytes are a private key of X25519 (RFC 7748, 5). */
async function makePrivateKey(path: string): Promise<void> {
  const { createKeyFile } = await import('../../vault.ts');
  try {
    (await createKeyFile(path)).fill(0);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'CONFLICT') throw error;
  }
}
