import { wrongArgument } from '../../errors.ts';
import { PORT_MAX, type PortRange } from '../reservation.ts';

/**
 * One exclusion as text: a port, or the first and the last as `8080..8090`.
 * @throws RangeError
 */
export function parseExclusion(text: string): PortRange {
  const [first = '', last, ...more] = text.split('..');
  if (more.length > 0) throw wrongArgument('range', 'Invalid port range: expected FIRST..LAST');
  const min = parsePort(first);
  const max = last === undefined ? min : parsePort(last);
  if (min > max) throw wrongArgument('range', `Invalid port range: ${min} is greater than ${max}`);
  return { min, max };
}

function parsePort(text: string): number {
  const port = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return port;
  throw wrongArgument('range', `Invalid port number: expected a port from 1 to ${PORT_MAX}`);
}

/** An exclusion as `parseExclusion` reads it. */
export function formatExclusion({ min, max }: PortRange): string {
  return min === max ? `${min}` : `${min}..${max}`;
}

/** The fewest ranges that cover the same ports, in ascending order. */
export function compactRanges(ranges: readonly PortRange[]): PortRange[] {
  const compact: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.min - b.min)) {
    const last = compact.at(-1);
    if (last === undefined || range.min > last.max + 1) compact.push(range);
    else if (range.max > last.max) compact[compact.length - 1] = { min: last.min, max: range.max };
  }
  return compact;
}

/** Whether one of `ranges` holds `port`. */
export function excludes(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ min, max }) => min <= port && port <= max);
}
