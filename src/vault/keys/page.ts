import { wrongArgument } from '../../errors.ts';
import type { KeyListOptions, KeyPage } from '../calls.ts';
import type { Book } from './book.ts';

const LIMIT = 1000;
const LIMIT_MAX = 10_000;

/** The versions that answer to a description, in the order of their ids. @throws RangeError */
export function pageOf(book: Book, options: KeyListOptions): KeyPage {
  const { state, algorithm, label, limit = LIMIT, cursor = '' } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw wrongArgument('range', `limit must be from 1 to ${LIMIT_MAX}, not ${limit}`);
  }
  const found = [];
  for (const { info } of book.entries) {
    const isMeant =
      (state ?? info.state) === info.state &&
      (algorithm ?? info.algorithm) === info.algorithm &&
      (label ?? info.label) === info.label;
    if (isMeant && info.id > cursor) found.push(info);
  }
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  const items = found.slice(0, limit);
  return { items, cursor: found.length > limit ? items.at(-1)?.id : undefined };
}
