import type { Command, OptionTable } from '../command.ts';
import type { PortsCall } from './options.ts';
import { report, requestOf, reserveOptions } from './reserve.ts';
import { withPorts } from './settings.ts';

const options = {
  ...reserveOptions,
  hold: { type: 'flag', help: 'Bind the port first and hand the socket over as descriptor 3' },
} as const satisfies OptionTable;

export const exec: Command = {
  options,
  args: [
    { name: 'COMMAND', help: 'Program to run, and its arguments', required: true, count: 'rest' },
  ],
  details: `The command gets the port as PORT. With --hold it also inherits the listening socket as
descriptor 3, with LISTEN_FDS=1 and LISTEN_PID as systemd passes them. The exit status is its own.`,
  async run(call: PortsCall<typeof options>) {
    const request = await requestOf(call);
    throw new Error('not there yet');
  },
};
