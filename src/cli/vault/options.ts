import type { Call, OptionTable } from '../command.ts';

/** What others would see in the list of processes, and shells remember. */
function refused(instead: string) {
  return {
    type: 'text',
    help: '',
    hidden: true,
    refused: `a password is never taken from an argument, which other users of this machine can see; take ${instead}`,
  } as const;
}

/** Options that stand anywhere on the line of every `vault` command. */
export const globals = {
  dir: {
    type: 'text',
    value: 'PATH',
    help: 'Directory of the vault; $HOLDFAST_DIR or ~/.holdfast by default',
  },
  'password-file': { type: 'text', value: 'FILE', help: 'File with the password of the vault' },
  'password-fd': { type: 'integer', value: 'N', help: 'Descriptor to read the password from' },
  'key-file': { type: 'text', value: 'FILE', help: 'Key file that opens the vault' },
  'private-key-file': {
    type: 'text',
    value: 'FILE',
    help: 'File with the 32 bytes of the X25519 key of a recipient',
  },
  'unlock-command': {
    type: 'text',
    value: 'COMMAND',
    help: 'Command for the shell, which prints the secret',
  },
  'recovery-code': {
    type: 'flag',
    help: 'What stands in the place of the password is a recovery code',
  },
  audit: {
    type: 'text',
    value: 'POLICY',
    choices: ['changes', 'all', 'strict'],
    help: 'Which uses of keys are logged beside changes',
  },
  'busy-timeout': { type: 'integer', value: 'SECONDS', help: 'Longest wait for the writer lock' },
  json: { type: 'flag', help: 'Print the result as JSON' },
  password: refused(
    '--password-file, --password-fd, HOLDFAST_VAULT_PASSWORD_FILE or the prompt, which shows nothing',
  ),
  'new-password': refused('--new-password-file, --new-password-fd or the prompt'),
  'file-password': refused('--file-password-file, --file-password-fd or the prompt'),
  help: { type: 'flag', short: 'h', help: 'Print help' },
  version: { type: 'flag', short: 'V', help: 'Print version' },
} as const satisfies OptionTable;

/** A call of a `vault` command that has the options `O` of its own. */
export type VaultCall<O extends OptionTable = typeof globals> = Call<O & typeof globals>;

/** The argument that names a key. */
export const keyArgument = {
  name: 'KEY',
  help: 'Id of a version, the first 6 digits of it or more, or a label',
  required: true,
} as const;

export const expectOption = {
  expect: {
    type: 'integer',
    value: 'VERSION',
    min: 1,
    help: 'Do it only if that is the latest version',
  },
} as const satisfies OptionTable;

/** Until when a key may be used. */
export const validityOptions = {
  'encrypt-until': {
    type: 'text',
    value: 'TIME',
    help: 'It encrypts and signs until then: 2030-01-31T12:00:00Z, or 90d from now',
  },
  'decrypt-until': { type: 'text', value: 'TIME', help: 'It decrypts and verifies until then' },
} as const satisfies OptionTable;

export const dryRunOption = {
  'dry-run': { type: 'flag', help: 'Only say what would be done' },
} as const satisfies OptionTable;

/** Where another way into a vault comes from. */
export const newWayOptions = {
  'new-password-file': { type: 'text', value: 'FILE', help: 'File with the new password' },
  'new-password-fd': { type: 'integer', value: 'N', help: 'Descriptor to read the new one from' },
} as const satisfies OptionTable;
