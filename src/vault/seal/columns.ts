import { HoldfastError } from '../../errors.ts';

/** What a column of a row holds; with a question mark, or nothing. Counts are from 0 to 2^53. */
export type Column = 'bytes' | 'text' | 'text?' | 'count' | 'count?';

const HOLDS: Readonly<Record<Column, (value: unknown) => boolean>> = {
  bytes: (value) => value instanceof Uint8Array,
  text: (value) => typeof value === 'string',
  'text?': (value) => value === null || typeof value === 'string',
  count: isCount,
  'count?': (value) => value === null || isCount(value),
};

/**
 * The row, if each of its columns holds what it must: a damaged file may hold anything in them.
 * @throws TAMPERED
 */
export function rowOf<T extends object>(
  row: T,
  columns: Readonly<Record<keyof T & string, Column>>,
  what: string,
): T {
  for (const [name, holds] of checksOf(columns)) {
    if (holds(Reflect.get(row, name))) continue;
    throw new HoldfastError('TAMPERED', `${what} is not as the vault wrote it`);
  }
  return row;
}

type Check = readonly [name: string, holds: (value: unknown) => boolean];

/** Of each table, as thousands of its rows are checked. */
const checks = new WeakMap<object, readonly Check[]>();

function checksOf(columns: Readonly<Record<string, Column>>): readonly Check[] {
  let found = checks.get(columns);
  if (found === undefined) {
    found = Object.entries(columns).map(([name, column]) => [name, HOLDS[column]] as const);
    checks.set(columns, found);
  }
  return found;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
