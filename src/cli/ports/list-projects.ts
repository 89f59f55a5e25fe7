import type { Command } from '../command.ts';
import { jsonText } from '../text.ts';
import type { PortsCall } from './options.ts';
import { settingsOf, withPorts } from './settings.ts';

export const listProjects: Command = {
  options: {},
  async run(call: PortsCall) {
    const settings = await settingsOf(call);
    const projects = await withPorts(call, settings, (ports) => ports.projects());
    call.out(call.options.json ? jsonText(projects) : projects.map((name) => `${name}\n`).join(''));
    return 0;
  },
};
