import type { Command, Entry, Program } from '../command.ts';
import { telling } from '../telling.ts';
import { packageVersion } from '../version.ts';
import { hints } from './hints.ts';
import { globals } from './options.ts';

const version = (): string => `holdfast ${packageVersion()}`;

function entry(summary: string, load: () => Promise<Command>): Entry {
  return { summary, load: async () => telling(await load(), hints) };
}

/** Commands of one word more; one of them may be meant where none is named. */
function group(name: string, about: string, commands: Program['commands'], usual?: string): Entry {
  const otherwise = usual === undefined ? undefined : commands[usual];
  const program: Program = {
    ...{ name: `holdfast vault ${name}`, about, version, globals, commands },
    ...(otherwise && { otherwise }),
  };
  return { summary: about, load: async () => program };
}

const audit = group(
  'audit',
  'Read the log of all that has happened',
  {
    tail: entry('Print the last events', async () => (await import('./audit.ts')).auditTail),
    verify: entry('Hold every event against the one before', async () => {
      return (await import('./audit.ts')).auditVerify;
    }),
  },
  'tail',
);

const slots = group(
  'slots',
  'List, add and remove ways into the vault',
  {
    list: entry('List the ways in', async () => (await import('./slots.ts')).slotsList),
    add: entry('Make another way in', async () => (await import('./slots.ts')).slotsAdd),
    remove: entry('Remove a way in', async () => (await import('./slots.ts')).slotsRemove),
  },
  'list',
);

const password = group(
  'password',
  'Change the password of the vault',
  {
    change: entry(
      'Change the password',
      async () => (await import('./password.ts')).passwordChange,
    ),
  },
  'change',
);

const secret = group('secret', 'Keep secrets of any bytes by name', {
  set: entry('Make a secret, or a version', async () => (await import('./secret.ts')).secretSet),
  get: entry('Print the value of a secret', async () => (await import('./secret.ts')).secretGet),
  list: entry('List secrets', async () => (await import('./secret.ts')).secretList),
  rm: entry('Delete a secret', async () => (await import('./secret.ts')).secretRm),
  undelete: entry('Take a deletion back', async () => {
    return (await import('./secret.ts')).secretUndelete;
  }),
  purge: entry('Remove secrets that were deleted, once their time is over', async () => {
    return (await import('./secret.ts')).secretPurge;
  }),
});

/** `holdfast vault`. */
export const vaultProgram: Program = {
  name: 'holdfast vault',
  about: 'Keep keys and secrets, and use them without showing them',
  version,
  globals,
  commands: {
    init: entry('Make a vault', async () => (await import('./init.ts')).init),
    create: entry('Make a key', async () => (await import('./create.ts')).create),
    list: entry('List keys', async () => (await import('./list.ts')).list),
    show: entry('Show a key and its versions', async () => (await import('./show.ts')).show),
    reveal: entry('Print the bytes of a key', async () => (await import('./reveal.ts')).reveal),
    rotate: entry('Make a new version of a key', async () => (await import('./rotate.ts')).rotate),
    promote: entry('Take a staged version into use', async () => {
      return (await import('./lifecycle.ts')).promote;
    }),
    deprecate: entry('Let a version only decrypt and verify', async () => {
      return (await import('./lifecycle.ts')).deprecate;
    }),
    revoke: entry('Let a version do nothing any more, for good', async () => {
      return (await import('./lifecycle.ts')).revoke;
    }),
    delete: entry('Remove a version that is not in use', async () => {
      return (await import('./lifecycle.ts')).deleteKey;
    }),
    cleanup: entry('Remove old versions', async () => (await import('./cleanup.ts')).cleanup),
    encrypt: entry('Encrypt data', async () => (await import('./encrypt.ts')).encrypt),
    decrypt: entry('Decrypt data', async () => (await import('./decrypt.ts')).decrypt),
    sign: entry('Sign data', async () => (await import('./sign.ts')).sign),
    verify: entry('Succeed if a signature is right', async () => {
      return (await import('./verify.ts')).verify;
    }),
    secret,
    run: entry('Run a command with secrets', async () => (await import('./run.ts')).run),
    export: entry('Write a key for elsewhere', async () => {
      return (await import('./export.ts')).exportKey;
    }),
    import: entry('Take in an exported key', async () => (await import('./import.ts')).importKey),
    backup: entry('Write all keys and secrets', async () => (await import('./backup.ts')).backup),
    restore: entry('Take in a backup', async () => (await import('./restore.ts')).restore),
    'import-rust-keyvault': entry('Take in a directory of rust-keyvault', async () => {
      return (await import('./import-rust-keyvault.ts')).importRustKeyvault;
    }),
    audit,
    slots,
    password,
    doctor: entry('Look for what is wrong with a vault, and for what could be better', async () => {
      return (await import('./doctor.ts')).doctor;
    }),
  },
  details: `Where no way into the vault is given, it is the key file that HOLDFAST_VAULT_KEY_FILE names, or the
password in the file that HOLDFAST_VAULT_PASSWORD_FILE names, or a password that is asked for. A
password is never taken from an argument.

Exit status: 0 done, 1 negative answer or failure, 2 lock timeout or wrong usage.`,
};
