import type { Ports } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import type { PortsCall } from './options.ts';
import { type Request, report, requestOf, reserveOptions } from './reserve.ts';
import { withPorts } from './settings.ts';

const options = {
  ...reserveOptions,
  lease: { type: 'flag', help: 'End the reservation with the command' },
  hold: { type: 'flag', help: 'Listen before it starts, and hand the socket over' },
} as const satisfies OptionTable;

type ExecCall = PortsCall<typeof options>;

export const exec: Command = {
  options,
  args: [{ name: 'COMMAND', help: 'Program, and its arguments', required: true, count: 'rest' }],
  details: `The command finds its port in the variable PORT. With --hold it inherits the listening socket
as descriptor 3, with LISTEN_FDS=1 and LISTEN_PID as systemd has them, so that nobody can take
the port before the command does. The exit status is the command's own.`,
  async run(call: ExecCall) {
    const request = await requestOf(call);
    const options = { ...request.options, lease: call.options.lease };
    // The store is closed while the command runs: it need not be open for a lease to last.
    const { status } = await withPorts(call, request.settings, (ports) =>
      start(call, ports, { ...request, options }),
    );
    return status;
  },
};

/** Wrapped, so that the status is not waited for here. */
async function start(
  call: ExecCall,
  ports: Ports,
  request: Request,
): Promise<{ readonly status: Promise<number> }> {
  const { path, options, settings } = request;
  const { runWithPort } = await import('../../ports.ts');
  const [command = '', ...args] = call.args;
  const held = call.options.hold ? await ports.hold(path, options) : undefined;
  const reserved = held?.reservation ?? (await ports.reserve(path, options));
  const status = runWithPort({ command, args, port: reserved.port, held });
  // A failure to start is told by whoever waits for the status, a moment later.
  status.catch(() => undefined);
  if (!settings.isQuiet) await report(call, reserved);
  await call.flush();
  return { status };
}
