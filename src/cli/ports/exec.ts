import type { Command, OptionTable } from '../command.ts';
import type { PortsCall } from './options.ts';
import { report, requestOf, reserveOptions } from './reserve.ts';
import { withPorts } from './settings.ts';

const options = {
  ...reserveOptions,
  hold: { type: 'flag', help: 'Bind the port first and hand the socket over as descriptor 3' },
} as const satisfies OptionTable;
