import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { jsonText } from '../text.ts';
import type { PortsCall } from './options.ts';
import { rowOf } from './row.ts';
import { explicitPath, settingsOf, withPorts } from './settings.ts';

export const importTrop: Command = {
  options: {},
  args: [{ name: 'DIR', help: 'Data directory of trop; ~/.trop by default' }],
  async run(call: PortsCall) {
    const usual = join(call.env.HOME ?? homedir(), '.trop');
    const from = await explicitPath(call, call.args[0] ?? usual);
    if (!existsSync(join(from, 'trop.db'))) {
      throw new Failure(6, `not found: ${from} does not contain a trop.db`);
    }
    const settings = await settingsOf(call);
    const { config, conflicts, imported } = await withPorts(call, settings, (ports) =>
      ports.importTrop(from),
    );
    if (call.options.json) {
      const rows = { imported: imported.map(rowOf), conflicts: conflicts.map(rowOf) };
      call.out(jsonText({ from, ...rows, config_copied: config }));
    }
    if (settings.isQuiet) return 0;
    call.note(`Imported ${imported.length} reservation(s) from ${from}`);
    if (config) call.note(`Copied config.yaml to ${settings.dataDir}`);
    for (const { path, port } of conflicts) {
      call.note(`Warning: port ${port} of ${path} was left out: its port or key is reserved here`);
    }
    return 0;
  },
};
