import { resolve } from 'node:path';
import type { Vault } from '../../vault.ts';
import type { OptionTable } from '../command.ts';
import { directoryOf } from '../directory.ts';
import { requireVault, withVaultBy } from './open.ts';
import type { VaultCall } from './options.ts';
import { isTyped, unlockOf, type Way, wayOf, wipeUnlock } from './way-in.ts';

export const filePasswordOptions = {
  'file-password-file': {
    type: 'text',
    value: 'FILE',
    help: 'File with the password of the file, where it is not --password-file',
    conflicts: ['file-password-fd'],
  },
  'file-password-fd': {
    type: 'integer',
    value: 'N',
    help: 'Descriptor to read the password of the file from',
  },
} as const satisfies OptionTable;

export const FILE_PASSWORD_DETAILS = `--password-file and --password-fd tell the password of the file where the vault opens in another
way (--key-file, --unlock-command, HOLDFAST_VAULT_PASSWORD_FILE and so on), and that of both where it
does not. --file-password-file and --file-password-fd tell it by itself.`;

type FileCall = VaultCall<typeof filePasswordOptions>;

interface Ways {
  readonly vault: Way;
  /** Undefined where the password of the vault is that of the file. */
  readonly file: Way | undefined;
}

/** Opens the vault, and lends `use` the password of a file that it is about. */
export async function withFilePassword<T>(
  call: FileCall,
  { isNew }: { readonly isNew: boolean },
  use: (vault: Vault, password: Uint8Array) => Promise<T>,
): Promise<T> {
  const ways = waysOf(call);
  if (isTyped(ways.vault, call.env)) await requireVault(directoryOf(call, call.options.dir));
  const { env, signal } = call;
  const unlock = await unlockOf(ways.vault, { env, signal, prompt: 'Password of the vault: ' });
  try {
    return await withVaultBy(call, unlock, async (vault) => {
      if (ways.file === undefined && 'password' in unlock) return await use(vault, unlock.password);
      const asking = { env: {}, signal, prompt: 'Password of the file: ', isNew };
      const opening = await unlockOf(ways.file ?? {}, asking);
      try {
        return await use(vault, 'password' in opening ? opening.password : NONE);
      } finally {
        wipeUnlock(opening);
      }
    });
  } finally {
    wipeUnlock(unlock);
  }
}

const NONE = new Uint8Array(0);

function waysOf(call: FileCall): Ways {
  const { options, env } = call;
  const own = passwordWay(call, options['file-password-file'], options['file-password-fd']);
  if (own) return { vault: wayOf(call), file: own };
  const { 'password-file': file, 'password-fd': fd, ...others } = options;
  const given = passwordWay(call, file, fd);
  if (given === undefined) return { vault: wayOf(call), file: {} };
  const otherway = wayOf({ ...call, options: others });
  if (isTyped(otherway, env)) return { vault: wayOf(call), file: undefined };
  return { vault: otherway, file: given };
}

function passwordWay(
  { cwd }: FileCall,
  file: string | undefined,
  fd: number | undefined,
): Way | undefined {
  if (file === undefined && fd === undefined) return undefined;
  return { passwordFile: file === undefined ? undefined : resolve(cwd, file), passwordFd: fd };
}
