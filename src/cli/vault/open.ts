import { ARGUMENT_INVALID, HoldfastError } from '../../errors.ts';
import type { NewUnlock, Unlock, Vault } from '../../vault.ts';
import { directoryOf } from '../directory.ts';
import { Failure } from '../failure.ts';
import type { VaultCall } from './options.ts';
import { isTyped, unlockOf, wayOf, wipeUnlock } from './way-in.ts';

/** Whether there is a vault; writes nothing and derives nothing. */
export async function hasVault(dir: string): Promise<boolean> {
  const { Vault } = await import('../../vault.ts');
  try {
    // A public key opens nothing: that is said where there is a vault that it does not open.
    await (await Vault.open({ dir, create: false, unlock: { publicKey: NO_KEY } })).close();
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'STORE_MISSING') return false;
    if (error instanceof Error && 'code' in error && error.code === ARGUMENT_INVALID) return true;
    throw error;
  }
}

const NO_KEY = new Uint8Array(32);

/** Opens the vault of a call in the way that was given, or asks for its password. */
export async function withVault<T>(call: VaultCall, use: (vault: Vault) => Promise<T>): Promise<T> {
  const way = wayOf(call);
  // Nobody should type a password only to be told that there is nothing to open.
  if (isTyped(way, call.env)) await requireVault(directoryOf(call, call.options.dir));
  const { env, signal } = call;
  const unlock = await unlockOf(way, { env, signal, prompt: 'Password of the vault: ' });
  try {
    return await withVaultBy(call, unlock, use);
  } finally {
    wipeUnlock(unlock);
  }
}

/** The bytes of `unlock` stay the caller's to wipe. */
export async function withVaultBy<T>(
  call: VaultCall,
  unlock: Unlock | NewUnlock,
  use: (vault: Vault) => Promise<T>,
  create = false,
): Promise<T> {
  const vault = await opened(call, unlock, create);
  try {
    return await use(vault);
  } finally {
    await vault.close();
  }
}

async function opened(
  call: VaultCall,
  unlock: Unlock | NewUnlock,
  create: boolean,
): Promise<Vault> {
  const { Vault } = await import('../../vault.ts');
  const dir = directoryOf(call, call.options.dir);
  const seconds = call.options['busy-timeout'];
  try {
    return await Vault.open({
      ...{ dir, unlock, create, signal: call.signal },
      audit: (['changes', 'all', 'strict'] as const).find((one) => one === call.options.audit),
      lockTimeoutMs: seconds === undefined ? undefined : seconds * 1000,
    });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'STORE_MISSING') throw missing(dir);
    throw error;
  }
}

/** @throws Failure */
export async function requireVault(dir: string): Promise<void> {
  if (!(await hasVault(dir))) throw missing(dir);
}

function missing(dir: string): Failure {
  const hint = "'holdfast vault init' makes one; --dir says where it is.";
  return new Failure(1, `there is no vault in ${dir} (STORE_MISSING)\n${hint}`);
}
