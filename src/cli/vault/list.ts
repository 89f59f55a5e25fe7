import type { KeyState } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { ALGORITHM_NAMES } from './create.ts';
import { allKeys } from './key-name.ts';
import { keyRowOf, tableText } from './key-row.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';

const STATES = [
  'Pending',
  'Active',
  'Rotating',
  'Deprecated',
  'Revoked',
] as const satisfies readonly KeyState[];

const HEAD = ['ID', 'VERSION', 'STATE', 'ALGORITHM', 'LABEL', 'CREATED_AT'];

const options = {
  state: { type: 'text', value: 'STATE', choices: STATES, help: 'Only versions in this state' },
  algorithm: { type: 'text', value: 'NAME', choices: ALGORITHM_NAMES, help: 'Only those for this' },
  label: { type: 'text', value: 'TEXT', help: 'Only those with this label' },
} as const satisfies OptionTable;

export const list: Command = {
  options,
  async run(call: VaultCall<typeof options>) {
    const { label, json } = call.options;
    const filter = {
      state: STATES.find((name) => name === call.options.state),
      algorithm: ALGORITHM_NAMES.find((name) => name === call.options.algorithm),
      label,
    };
    const keys = await withVault(call, (vault) => allKeys(vault, filter));
    const rows = keys.map(keyRowOf);
    const cells = rows.map((row) => [
      ...[row.id, row.version, row.state, row.algorithm, row.label, row.created_at],
    ]);
    call.out(json ? jsonText(rows) : tableText(HEAD, cells));
    return 0;
  },
};
