import type { Validity } from '../../vault.ts';
import { momentMs } from '../time.ts';
import type { VaultCall, validityOptions } from './options.ts';

export function validityOf({ options }: VaultCall<typeof validityOptions>): Validity {
  const now = Date.now();
  const moment = (text: string | undefined) =>
    text === undefined ? undefined : momentMs(text, now);
  const encryptUntil = moment(options['encrypt-until']);
  const decryptUntil = moment(options['decrypt-until']);
  return {
    ...(encryptUntil !== undefined && { encryptUntil }),
    ...(decryptUntil !== undefined && { decryptUntil }),
  };
}
