import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import type { PortsCall } from './options.ts';
import { jsonText } from './row.ts';
import { explicitPath, settingsOf, withPorts } from './settings.ts';

export const importTrop: Command = {
  options: {},
  args: [{ name: 'DIR', help: 'Data directory of trop; ~/.trop by default' }],
  async run(call: PortsCall) {
    const from = await explicitPath(call, call.args[0] ?? join(call.env.HOME ?? homedir(), '.trop'));
    const settings = await settingsOf(call);
    const imported = await withPorts(call, settings, (ports) => ports.importTrop(from));
    if (call.options.json) call.out(jsonText({ from, ...imported }));
    return 0;
  },
};
