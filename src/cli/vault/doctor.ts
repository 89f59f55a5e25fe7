import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, HoldfastError } from '../../errors.ts';
import type { VaultFinding } from '../../vault.ts';
import type { Command } from '../command.ts';
import { directoryOf } from '../directory.ts';
import { jsonText } from '../text.ts';
import { requireVault, withVaultBy } from './open.ts';
import type { VaultCall } from './options.ts';
import { isTyped, unlockOf, type Way, wayOf, wipeUnlock } from './way-in.ts';

export const doctor: Command = {
  options: {},
  details: `Where a way into the vault is given, also by a variable, its keys, secrets and log are looked at
too. Nobody is asked for a password. Exit status: 1 when there is a problem.`,
  async run(call: VaultCall) {
    const { inspectVault } = await import('../../vault.ts');
    const dir = directoryOf(call, call.options.dir);
    if (!existsSync(join(dir, 'vault.db'))) await requireVault(dir);
    const way = wayOf(call);
    const { slots, findings: outside } = inspectVault({ dir, keyFile: way.keyFile });
    const inside = isTyped(way, call.env) ? undefined : await insideOf(call, way);
    const findings = [...outside, ...(inside ?? [])];
    const isOpened = inside !== undefined;
    if (call.options.json) call.out(jsonText({ dir, slots, is_opened: isOpened, findings }));
    else call.out(reportText(dir, findings, isOpened));
    return findings.some(({ severity }) => severity === 'problem') ? 1 : 0;
  },
};

/** What is said of a file that nobody can open, from outside. */
const SAID_OUTSIDE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['CORRUPT', 'NOT_A_STORE', 'SCHEMA_TOO_NEW', 'NETWORK_FILESYSTEM'] as const),
  ...(['UNSAFE_DIRECTORY', 'READ_ONLY'] as const),
]);

/** Undefined where it could not be opened, and that is no fault of the way in. */
async function insideOf(call: VaultCall, way: Way): Promise<readonly VaultFinding[] | undefined> {
  const { env, signal } = call;
  const unlock = await unlockOf(way, { env, signal, prompt: '' });
  try {
    return await withVaultBy(call, unlock, (vault) => vault.examine(signal));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === 'TAMPERED') {
      const { findDamage } = await import('../../vault.ts');
      return await findDamage({ dir: directoryOf(call, call.options.dir), unlock, signal });
    }
    if (SAID_OUTSIDE.has(error.code)) return undefined;
    throw error;
  } finally {
    wipeUnlock(unlock);
  }
}

function reportText(dir: string, findings: readonly VaultFinding[], isOpened: boolean): string {
  const lines = findings.map(
    ({ severity, code, text, remedy }) => `${severity}: ${text} (${code})\n  ${remedy}\n`,
  );
  const found = lines.length === 0 ? 'nothing to be said against it\n' : lines.join('');
  const closed = isOpened ? '' : 'It was not opened: give a way in to have its keys looked at.\n';
  return `${dir}\n${found}${closed}`;
}
