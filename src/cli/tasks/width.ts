import { eastAsianWidth } from 'get-east-asian-width';

const PRINTABLE_ASCII = /^[ -~]*$/;
/**
 * Emoji that the table of widths does not know: text that is told to be one, and flags. (What would
 * know all of them, `\p{RGI_Emoji}`, costs 20 ms at the start.)
 */
const EMOJI = /^(?:\p{Emoji}[\ufe0f\p{Emoji_Modifier}]|\p{RI}{2})/u;
const UNSEEN = /^[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;
/** Halfwidth katakana voiced marks: part of the letter before, in a cell of their own. */
const VOICED = /[\uff9e\uff9f]$/;

const ELLIPSIS = '…';

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character each. */
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** Cells of one grapheme on a terminal (UAX 11; emoji as UTS 51 presents them). */
function cellsOf(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  if (UNSEEN.test(grapheme)) return 0;
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0) + (VOICED.test(grapheme) ? 1 : 0);
}

/** How many cells of a terminal a text takes that has no control characters. */
export function displayWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += cellsOf(segment);
  return width;
}

/** The text, filled with spaces to `width` cells. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** As much of the text as `width` cells hold, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (PRINTABLE_ASCII.test(text)) {
    return text.length <= width ? text : text.slice(0, width - 1) + ELLIPSIS;
  }
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemesOf(text)) {
    used += cellsOf(segment);
    if (used > width) return text.slice(0, end) + ELLIPSIS;
    if (used < width) end = index + segment.length;
  }
  return text;
}
