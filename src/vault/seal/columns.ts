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
  columns: Readonly<Record<keyof T, Column>>,
  what: string,
): T {
  for (const name of Object.keys(columns) as (keyof T)[]) {
    if (HOLDS[columns[name]](row[name])) continue;
    throw new HoldfastError('TAMPERED', `${what} is not as the vault wrote it`);
  }
  return row;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
