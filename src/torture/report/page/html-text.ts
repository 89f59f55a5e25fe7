import { cut, printable } from '../printable.ts';

/** Of what nobody has said how long it may be. */
const LENGTH_MAX = 2000;

/** Text as HTML that shows it, in an element or in a quoted attribute, cut where it is long. */
export function text(raw: string, lengthMax = LENGTH_MAX): string {
  return escaped(printable(cut(raw, lengthMax)));
}

/** Data for a script, in a quoted attribute. */
export function dataText(value: unknown): string {
  return escaped(JSON.stringify(value));
}

export function escaped(raw: string): string {
  return raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A share of 1 as a percentage, for an attribute. */
export function share(of: number): string {
  return `${Number((of * 100).toFixed(2))}%`;
}

/** Number for an attribute, of a drawing in tenths of a pixel. */
export function px(of: number): string {
  return String(Number(of.toFixed(1)));
}

/** A count as somebody reads it: `16,000`. */
export function count(of: number): string {
  return of.toLocaleString('en');
}

/** Nanoseconds in the unit that suits them: `340 µs`, `1.25 ms`. */
export function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return '0';
  const scale = UNITS.find(({ size }) => nanoseconds >= size) ?? NANOSECONDS;
  return `${Number((nanoseconds / scale.size).toPrecision(3))} ${scale.unit}`;
}

const NANOSECONDS = { unit: 'ns', size: 1 };
const UNITS = [
  { unit: 's', size: 1e9 },
  { unit: 'ms', size: 1e6 },
  { unit: 'µs', size: 1e3 },
];
