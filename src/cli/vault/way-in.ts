import { resolve } from 'node:path';
import type { NewUnlock, Unlock } from '../../vault.ts';
import { UsageError } from '../parse.ts';
import type { VaultCall } from './options.ts';

/** What is given on the line to open a vault; nothing asks for the password. */
export interface Way {
  readonly passwordFile?: string | undefined;
  readonly passwordFd?: number | undefined;
  readonly keyFile?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  readonly command?: string | undefined;
  readonly isRecoveryCode?: boolean | undefined;
}

/** How a password is read where the way says nothing else. */
export interface Asking {
  readonly env: NodeJS.ProcessEnv;
  readonly prompt: string;
  readonly isNew?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** @throws UsageError for two ways at once */
export function wayOf({ options, cwd, env }: VaultCall): Way {
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(cwd, text));
  const names = ['password-file', 'password-fd', 'key-file', 'private-key-file', 'unlock-command'];
  const given = Object.keys(options).filter((name) => names.includes(name));
  if (options['recovery-code'] && !given.some((name) => name.startsWith('password'))) {
    given.push('recovery-code');
  }
  if (given.length > 1) {
    throw new UsageError(`a vault opens in one way: --${given.join(' and --')} are too many`);
  }
  return {
    passwordFile: path(options['password-file']),
    passwordFd: options['password-fd'],
    keyFile: path(options['key-file'] ?? (given.length === 0 ? keyFileOf(env) : undefined)),
    privateKeyFile: path(options['private-key-file']),
    command: options['unlock-command'],
    isRecoveryCode: options['recovery-code'],
  };
}

function keyFileOf({ HOLDFAST_VAULT_KEY_FILE: path }: NodeJS.ProcessEnv): string | undefined {
  return path || undefined;
}

/** Whether somebody will have to type the password. */
export function isTyped(way: Way, env: NodeJS.ProcessEnv): boolean {
  const { passwordFile, passwordFd, keyFile, privateKeyFile, command, isRecoveryCode } = way;
  const given = passwordFile ?? passwordFd ?? keyFile ?? privateKeyFile ?? command;
  return given === undefined && (isRecoveryCode || !env.HOLDFAST_VAULT_PASSWORD_FILE);
}

/** Reads what opens a vault; to be given to `wipeUnlock` once it was used. */
export async function unlockOf(way: Way, asking: Asking): Promise<Unlock> {
  if (way.keyFile !== undefined) return { keyFile: way.keyFile };
  if (way.command !== undefined) return { command: ['/bin/sh', '-c', way.command] };
  const { readKeyFile, readPassword } = await import('../../vault.ts');
  if (way.privateKeyFile !== undefined) {
    return { privateKey: await readKeyFile(way.privateKeyFile) };
  }
  const reading = readPassword({
    ...{ fd: way.passwordFd, file: way.passwordFile, signal: asking.signal },
    // The variable names a password's file, and a code is none.
    env: way.isRecoveryCode ? {} : asking.env,
    prompt: way.isRecoveryCode ? 'Recovery code: ' : asking.prompt,
    isNew: asking.isNew,
  });
  const read = await orAborted(reading, asking.signal);
  return way.isRecoveryCode ? { recoveryCode: read } : { password: read };
}

/** A pipe that nobody writes to is read without an end. */
function orAborted<T>(reading: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  return Promise.race([reading, aborted.promise]);
}

export function wipeUnlock(unlock: Unlock | NewUnlock): void {
  if ('password' in unlock) unlock.password.fill(0);
  if ('recoveryCode' in unlock) unlock.recoveryCode.fill(0);
  if ('privateKey' in unlock) unlock.privateKey.fill(0);
}
