import { cut } from './width.ts';

/** What a line is of; those with the highest rank are left out first, and of them the last ones. */
export interface Ranked {
  readonly rank: number;
}

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * As many lines as a terminal holds beside the line of the cursor, and how many there are more. None
 * reaches the last column, where some terminals begin a new line. `textsOf` makes a line of each of
 * those that are shown.
 */
export function frameLines<R extends Ranked>(
  rows: readonly R[],
  size: FrameSize,
  textsOf: (rows: readonly R[]) => readonly string[],
): readonly string[] {
  const width = Math.max(1, size.columns - 1);
  const height = Math.max(1, size.rows - 1);
  const kept = rows.length <= height ? rows : mostImportant(rows, height - 1);
  const texts = [...textsOf(kept)];
  if (kept.length < rows.length) texts.push(`+${rows.length - kept.length} more`);
  return texts.map((text) => cut(text, width).trimEnd());
}

/** In the order in which they came. */
function mostImportant<R extends Ranked>(rows: readonly R[], count: number): readonly R[] {
  const byRank = rows.map((row, index) => ({ row, index })).sort((a, b) => a.row.rank - b.row.rank);
  const kept = byRank.slice(0, count).sort((a, b) => a.index - b.index);
  return kept.map(({ row }) => row);
}
