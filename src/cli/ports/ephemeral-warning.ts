import type { PortRange } from '../../ports.ts';
import type { PortsCall } from './options.ts';

/**
 * Warns about a range that the kernel hands out for outgoing connections, too: such a port can be
 * taken between the probe and the moment when the caller binds it.
 */
export async function warnEphemeral(call: PortsCall, { min, max }: PortRange): Promise<void> {
  const { ephemeralRange } = await import('../../ports.ts');
  const kernel = ephemeralRange();
  if (!kernel || max < kernel.min || min > kernel.max) return;
  const what = min === max ? `port ${min} lies in` : `the range ${min}-${max} reaches into`;
  call.note(
    `Warning: ${what} the kernel's ephemeral range ${kernel.min}-${kernel.max}: an outgoing connection may take a port before its owner binds it`,
  );
}
