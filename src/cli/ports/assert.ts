import type { Command, OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { jsonText } from '../text.ts';
import { type PortsCall, pathOption } from './options.ts';
import { portArgument } from './port-number.ts';
import { rowOf } from './row.ts';
import { settingsOf, tagOf, targetPath, withPorts } from './settings.ts';

const notOption = {
  not: { type: 'flag', help: 'Succeed if it is not so' },
} as const satisfies OptionTable;

const reservationOptions = {
  ...pathOption,
  tag: { type: 'text', value: 'TAG', help: 'Tag of the reservation' },
  ...notOption,
} as const satisfies OptionTable;

export const assertReservation: Command = {
  options: reservationOptions,
  async run(call: PortsCall<typeof reservationOptions>) {
    const { json, not } = call.options;
    const settings = await settingsOf(call);
    const path = await targetPath(call, settings, call.options.path);
    const tag = await tagOf(call.options.tag);
    const found = await withPorts(call, settings, (ports) => ports.get(path, tag));
    const key = tag === undefined ? path : `${path}:${tag}`;
    if (not && found) throw new Failure(1, `Assertion failed: reservation exists for ${key}`);
    if (!not && !found) throw new Failure(1, `Assertion failed: no reservation found for ${key}`);
    if (found && json) call.out(jsonText(rowOf(found)));
    else if (found && !settings.isQuiet) call.out(`${found.port}\n`);
    return 0;
  },
};

export const assertPort: Command = {
  options: notOption,
  args: [{ name: 'PORT', help: 'Port to look up', required: true }],
  async run(call: PortsCall<typeof notOption>) {
    const port = portArgument(call.args[0]);
    const settings = await settingsOf(call);
    const found = await withPorts(call, settings, (ports) => ports.at(port));
    const isReserved = found !== undefined;
    if (isReserved === (call.options.not ?? false)) {
      throw new Failure(1, `Assertion failed: port ${port} is ${isReserved ? '' : 'not '}reserved`);
    }
    return 0;
  },
};
