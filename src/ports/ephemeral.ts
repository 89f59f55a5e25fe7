import { readFileSync } from 'node:fs';
import type { PortRange } from './reservation.ts';

/**
 * The ports that the kernel hands out for outgoing connections (ip(7), `ip_local_port_range`), as
 * of now; undefined where the system does not say. A reservation in there can be taken by any
 * program that merely connects somewhere.
 */
export function ephemeralRange(): PortRange | undefined {
  try {
    return parseRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'));
  } catch {
    return undefined;
  }
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text);
  return match ? { min: Number(match[1]), max: Number(match[2]) } : undefined;
}
