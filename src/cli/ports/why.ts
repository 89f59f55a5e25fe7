import type { Why } from '../../ports.ts';
import type { Command } from '../command.ts';
import type { PortsCall } from './options.ts';
import { portArgument } from './port-number.ts';
import { jsonText, plainText, rowOf, timeText } from './row.ts';
import { settingsOf, withPorts } from './settings.ts';

export const why: Command = {
  options: {},
  args: [{ name: 'PORT', help: 'Port to explain', required: true }],
  async run(call: PortsCall) {
    const port = portArgument(call.args[0]);
    const settings = await settingsOf(call);
    const found = await withPorts(call, settings, (ports) => ports.why(port));
    if (call.options.json) {
      const reservation = found.reservation ? rowOf(found.reservation) : null;
      call.out(jsonText({ ...found, reservation }));
    } else call.out(whyText(found));
    return 0;
  },
};

function whyText({ listeners, port, reservation, since, state }: Why): string {
  const lines = [`Port ${port} is ${state}`];
  if (reservation) {
    const { lastUsedAt, path, project, tag, task } = reservation;
    const names = Object.entries({ tag, project, task })
      .filter(([, text]) => text !== undefined)
      .map(([name, text]) => `${name} ${text}`);
    const by = [path, ...names].join(', ');
    lines.push(`  reserved for ${by}; last used ${timeText(lastUsedAt)}`);
  }
  for (const { address, owner, protocol } of listeners) {
    const who = owner
      ? `${owner.name ?? 'a process'} (pid ${owner.pid ?? 'unknown'}, user ${owner.user ?? 'unknown'})`
      : 'a process that cannot be seen';
    lines.push(`  held by ${who} with ${protocol.toUpperCase()} on ${address}`);
  }
  if (since !== undefined) lines.push(`  in use since ${timeText(since)}`);
  return `${lines.map(plainText).join('\n')}\n`;
}
