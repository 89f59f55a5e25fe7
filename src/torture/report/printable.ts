/**
 * Text of a store for somebody who reads: what would steer a terminal, turn the direction of the
 * writing, show as nothing or be no character at all stands as its code. Tabs and line ends stay.
 */
export function printable(raw: string): string {
  return raw.replace(UNPRINTABLE, codeOf);
}

/** The same for one line. */
export function oneLine(raw: string): string {
  return printable(raw).replace(/[\t\n]/g, codeOf);
}

/**
 * Controls but tab and line feed, marks and overrides of direction, invisible separators, halves of
 * surrogate pairs, and the two that XML 1.0 leaves out.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\p{Surrogate}]/gu;

function codeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** At most so many characters, the last an ellipsis where some are missing. */
export function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const kept = text.slice(0, lengthMax - 1);
  // Half a pair would be no character.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** As many lines of a message, and as much of each, as somebody reads in a terminal. */
export function excerpt(message: string): string {
  const lines = printable(cut(message, LINES_MAX * LINE_MAX)).split('\n');
  const shown = lines.slice(0, LINES_MAX).map((line) => cut(line, LINE_MAX));
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more lines`] : [])].join('\n  ');
}

const LINES_MAX = 24;
const LINE_MAX = 240;

/** A value of a store as JSON of at most so many characters, as near to it as that can be. */
export function valueText(value: unknown, lengthMax: number): string {
  return cut(JSON.stringify(value, plainly()) ?? String(value), lengthMax);
}

/** JSON has no word for big integers, maps and sets, nor an end for what holds itself. */
function plainly(): (this: unknown, key: string, value: unknown) => unknown {
  const holders: { readonly value: object; readonly plain: object }[] = [];
  return function replace(_key, value) {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return value;
    while (holders.length > 0 && holders.at(-1)?.plain !== this) holders.pop();
    if (holders.some((holder) => holder.value === value)) return '(itself)';
    const plain = value instanceof Map || value instanceof Set ? [...value] : value;
    holders.push({ value, plain });
    return plain;
  };
}
