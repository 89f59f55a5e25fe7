import type { Hints } from '../telling.ts';

/** What to do about failures of `vault` commands. */
export const hints: Hints = {
  UNLOCK_FAILED:
    'Check what was given. A vault also opens by --key-file, --unlock-command, --private-key-file\n' +
    'and --recovery-code, where such a way was made for it.',
  CONFLICT: 'Nothing was done.',
  CONFIG_INVALID:
    'A password comes from --password-file, --password-fd, the file that\n' +
    'HOLDFAST_VAULT_PASSWORD_FILE names, or a terminal.',
  LOCK_TIMEOUT: "Another process has the writer lock; 'holdfast doctor' tells which.",
  TAMPERED: 'The file was changed by something other than a vault, or put back from a copy.',
};
