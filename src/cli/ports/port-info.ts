import { existsSync } from 'node:fs';
import type { Listener, Occupancy, Reservation } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { occupancyOptions, type PortsCall } from './options.ts';
import { listenerFields, listenerText, ownerFields } from './owner.ts';
import { portArgument } from './port-number.ts';
import { rowOf, timeText } from './row.ts';
import { occupancyLayer, settingsOf, withPorts } from './settings.ts';

const options = {
  'include-occupancy': { type: 'flag', help: 'Also probe whether the port is in use, and by whom' },
  'skip-occupancy-check': needed('skip-occupancy-check'),
  'skip-tcp': needed('skip-tcp'),
  'skip-udp': needed('skip-udp'),
  'skip-ipv4': needed('skip-ipv4'),
  'skip-ipv6': needed('skip-ipv6'),
  'check-all-interfaces': needed('check-all-interfaces'),
} as const satisfies OptionTable;

/** A probe option that says nothing unless the port is probed. */
function needed<N extends keyof typeof occupancyOptions>(name: N) {
  return { ...occupancyOptions[name], requires: 'include-occupancy' } as const;
}

type InfoCall = PortsCall<typeof options>;

export const portInfo: Command = {
  options,
  args: [{ name: 'PORT', help: 'Port to look up', required: true }],
  async run(call: InfoCall) {
    const port = portArgument(call.args[0]);
    const settings = await settingsOf(call, occupancyLayer(call.options));
    const isProbed = call.options['include-occupancy'];
    const [reservation, occupancy] = await withPorts(call, settings, async (ports) => [
      await ports.at(port),
      isProbed ? await ports.occupancy(port) : undefined,
    ]);
    if (call.options.json) call.out(jsonText(report(port, reservation, occupancy)));
    else {
      call.out(reservation ? reservationText(reservation) : `Port ${port} is not reserved\n`);
      if (occupancy) call.out(`\n${occupancyText(occupancy)}`);
    }
    return 0;
  },
};

function reservationText(reservation: Reservation): string {
  const { createdAt, lastUsedAt, path, port, project, tag, task } = reservation;
  const fields: (readonly [name: string, value: string | number | undefined])[] = [
    ['Port', port],
    ['Path', path],
    ['Tag', tag],
    ['Project', project],
    ['Task', task],
    ['Created', timeText(createdAt)],
    ['Last used', timeText(lastUsedAt)],
    ['Path exists', existsSync(path) ? 'yes' : 'no'],
  ];
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${plainText(String(value))}\n`)
    .join('');
}

function occupancyText({ checked, listeners, occupied }: Occupancy): string {
  const lines = ['Occupancy status:'];
  if (!checked) lines.push('  Not checked: the effective policy disabled every probe');
  else lines.push(occupied ? '  Port is currently in use' : '  Port is available');
  for (const listener of listeners) {
    lines.push(`  - ${listenerText(listener)}`, ...ownerLines(listener));
  }
  return `${lines.join('\n')}\n`;
}

function ownerLines(listener: Listener): string[] {
  const { owner_status, process_id, process_name, user } = ownerFields(listener.owner);
  const facts = [
    ['Process ID', process_id],
    ['Process name', process_name],
    ['User', user],
  ] as const;
  return [
    ...facts
      .filter(([, fact]) => fact !== null)
      .map(([title, fact]) => `    ${title}: ${plainText(String(fact))}`),
    `    Owner metadata: ${owner_status}`,
  ];
}

function report(
  port: number,
  reservation: Reservation | undefined,
  occupancy: Occupancy | undefined,
) {
  return {
    port,
    reservation: reservation ? rowOf(reservation) : null,
    path_exists: reservation ? existsSync(reservation.path) : null,
    ...(occupancy && {
      occupancy: {
        checked: occupancy.checked,
        occupied: occupancy.occupied,
        listeners: occupancy.listeners.map(listenerFields),
      },
    }),
  };
}
