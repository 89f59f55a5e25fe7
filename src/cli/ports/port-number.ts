import { invalidArgument } from '../failure.ts';
import { UsageError } from '../parse.ts';

const PORT_MAX = 65_535;

/** A port that stands as an argument: what does not fit into 16 bits is a usage error. */
export function portArgument(text = ''): number {
  if (!/^\d+$/.test(text) || Number(text) > PORT_MAX) {
    throw new UsageError(`invalid value '${text}' for '<PORT>': not a port number`);
  }
  if (Number(text) === 0) throw invalidArgument('Invalid port number: port 0 cannot be reserved');
  return Number(text);
}

/** A port that stands behind an option. */
export function portOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > PORT_MAX) {
    throw invalidArgument(
      `Invalid port number: '${text}' for --${name} is not a port from 1 to ${PORT_MAX}`,
    );
  }
  return port;
}
