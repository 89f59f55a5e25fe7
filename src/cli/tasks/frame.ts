import { cut } from './width.ts';

/** A line of a frame; of those with the highest rank the last ones are left out first. */
export interface FrameLine {
  readonly text: string;
  readonly rank: number;
}

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * As many lines as a terminal holds beside the line of the cursor, and how many there are more. None
 * reaches the last column, where some terminals begin a new line.
 */
export function frameLines(lines: readonly FrameLine[], { columns, rows }: FrameSize): string[] {
  const width = Math.max(1, columns - 1);
  const height = Math.max(1, rows - 1);
  const kept = lines.length <= height ? lines : mostImportant(lines, height - 1);
  const texts = kept.map(({ text }) => text);
  if (kept.length < lines.length) texts.push(`+${lines.length - kept.length} more`);
  return texts.map((text) => cut(text, width).trimEnd());
}

/** In the order in which they came. */
function mostImportant(lines: readonly FrameLine[], count: number): readonly FrameLine[] {
  const byRank = lines.map((line, index) => ({ ...line, index })).sort((a, b) => a.rank - b.rank);
  return byRank.slice(0, count).sort((a, b) => a.index - b.index);
}
