/** Deeper nothing is written down. */
const DEPTH_MAX = 100;

/**
 * Source of an expression that makes a value again: plain data and what else travels between workers.
 * What cannot be written, such as a function or what holds itself, becomes `undefined`.
 */
export function literal(value: unknown): string {
  return write(value, []);
}

function write(value: unknown, holders: readonly object[]): string {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value !== 'object') return 'undefined';
  if (holders.includes(value) || holders.length > DEPTH_MAX) return 'undefined';
  const inner = (one: unknown) => write(one, [...holders, value]);
  const list = (items: Iterable<unknown>) => `[${Array.from(items, inner).join(', ')}]`;
  if (Array.isArray(value)) return list(value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Map) return `new Map(${list(value)})`;
  if (value instanceof Set) return `new Set(${list(value)})`;
  if (value instanceof Uint8Array) return `Uint8Array.of(${value.join(', ')})`;
  const fields = Object.entries(value).map(([name, one]) => `${nameOf(name)}: ${inner(one)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** Line separators are legal in a text, but not everything that reads source knows. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function nameOf(name: string): string {
  // Without brackets that would be the prototype.
  if (name === '__proto__') return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name);
}
