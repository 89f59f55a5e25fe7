import type { VaultFinding } from '../../vault.ts';
import type { Command } from '../command.ts';
import { jsonText } from '../text.ts';
import { directoryOf, requireVault, withVault } from './open.ts';
import type { VaultCall } from './options.ts';
import { isTyped, wayOf } from './way-in.ts';

export const doctor: Command = {
  options: {},
  details: `Where a way into the vault is given, also by a variable, its keys, secrets and log are looked at
too. Nobody is asked for a password. Exit status: 1 when there is a problem.`,
  async run(call: VaultCall) {
    const { inspectVault } = await import('../../vault.ts');
    const dir = directoryOf(call);
    await requireVault(dir);
    const way = wayOf(call);
    const { slots, findings: outside } = inspectVault({ dir, keyFile: way.keyFile });
    const isOpened = !isTyped(way, call.env);
    const inside = isOpened ? await withVault(call, (vault) => vault.examine(call.signal)) : [];
    const findings = [...outside, ...inside];
    if (call.options.json) call.out(jsonText({ dir, slots, is_opened: isOpened, findings }));
    else call.out(reportText(dir, findings, isOpened));
    return findings.some(({ severity }) => severity === 'problem') ? 1 : 0;
  },
};

function reportText(dir: string, findings: readonly VaultFinding[], isOpened: boolean): string {
  const lines = findings.map(
    ({ severity, code, text, remedy }) => `${severity}: ${text} (${code})\n  ${remedy}\n`,
  );
  const found = lines.length === 0 ? 'nothing to be said against it\n' : lines.join('');
  const closed = isOpened ? '' : 'It was not opened: give a way in to have its keys looked at.\n';
  return `${dir}\n${found}${closed}`;
}
