import type { PortRange, Why } from '../../ports.ts';
import type { Command } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import type { PortsCall } from './options.ts';
import { ownerFields } from './owner.ts';
import { portArgument } from './port-number.ts';
import { rowOf, timeText } from './row.ts';
import { settingsOf, withPorts } from './settings.ts';

export const why: Command = {
  options: {},
  args: [{ name: 'PORT', help: 'Port to explain', required: true }],
  async run(call: PortsCall) {
    const port = portArgument(call.args[0]);
    const settings = await settingsOf(call);
    const found = await withPorts(call, settings, (ports) => ports.why(port));
    call.out(call.options.json ? jsonText(report(found)) : whyText(found, settings.policy));
    return 0;
  },
};

function whyText(found: Why, { max, min }: PortRange): string {
  const { ephemeral, excluded, inRange, listeners, port, reservation, since, state } = found;
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
    const { process_id: pid, process_name: name, user } = ownerFields(owner);
    const who = owner
      ? `${name ?? 'a process'} (pid ${pid ?? 'unknown'}, user ${user ?? 'unknown'})`
      : 'a process that cannot be seen';
    lines.push(`  held by ${who} with ${protocol.toUpperCase()} on ${address}`);
  }
  if (since !== undefined) lines.push(`  in use since ${timeText(since)}`);
  if (!inRange) lines.push(`  outside of the range ${min}-${max}, from which ports are chosen`);
  if (excluded) lines.push('  excluded by configuration');
  if (ephemeral) lines.push('  the kernel may give it to any outgoing connection');
  return `${lines.map(plainText).join('\n')}\n`;
}

function report(found: Why) {
  const { ephemeral, excluded, inRange, listeners, port, reservation, since, state } = found;
  return {
    port,
    state,
    reservation: reservation ? rowOf(reservation) : null,
    listeners: listeners.map(({ address, family, owner, protocol }) => ({
      protocol,
      address_family: family,
      address,
      ...ownerFields(owner),
    })),
    in_use_since: since === undefined ? null : timeText(since),
    in_range: inRange,
    excluded,
    ephemeral,
  };
}
