import { constants } from 'node:fs';
import { inspect } from 'node:util';
import { argumentError } from './fs-error.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_SYNC } = constants;

const write = O_WRONLY | O_CREAT | O_TRUNC;
const writeRead = O_RDWR | O_CREAT | O_TRUNC;
const append = O_WRONLY | O_CREAT | O_APPEND;
const appendRead = O_RDWR | O_CREAT | O_APPEND;

/** Node's names for ways of opening a file, with all their spellings. */
const names = new Map<unknown, number>([
  [undefined, O_RDONLY],
  [null, O_RDONLY],
  ['r', O_RDONLY],
  ['rs', O_RDONLY | O_SYNC],
  ['sr', O_RDONLY | O_SYNC],
  ['r+', O_RDWR],
  ['rs+', O_RDWR | O_SYNC],
  ['sr+', O_RDWR | O_SYNC],
  ['w', write],
  ['wx', write | O_EXCL],
  ['xw', write | O_EXCL],
  ['w+', writeRead],
  ['wx+', writeRead | O_EXCL],
  ['xw+', writeRead | O_EXCL],
  ['a', append],
  ['ax', append | O_EXCL],
  ['xa', append | O_EXCL],
  ['as', append | O_SYNC],
  ['sa', append | O_SYNC],
  ['a+', appendRead],
  ['ax+', appendRead | O_EXCL],
  ['xa+', appendRead | O_EXCL],
  ['as+', appendRead | O_SYNC],
  ['sa+', appendRead | O_SYNC],
]);

/** The O_ flags that a `flags` argument of Node means. */
export function openFlags(flags: unknown): number {
  if (typeof flags === 'number') return flags;
  const known = names.get(flags);
  if (known !== undefined) return known;
  throw argumentError('VALUE', `The argument 'flags' is invalid. Received ${inspect(flags)}`);
}
