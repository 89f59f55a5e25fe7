import assert from 'node:assert/strict';

/** What a page of documentation has its reader do. */
export type PageStep =
  | { readonly kind: 'write'; readonly file: string; readonly text: string }
  | { readonly kind: 'run'; readonly line: string; readonly exits: number }
  /** Lines that the command before has printed, in that order. */
  | { readonly kind: 'shown'; readonly lines: readonly string[] };

/** Every block of a page in order. One that is neither written, run nor compared is an error. */
export function pageSteps(page: string): readonly PageStep[] {
  return [...page.matchAll(/^```(\S*) ?([^\n]*)\n(.*?)^```$/gms)].flatMap(
    ([, kind, file = '', text = '']): readonly PageStep[] => {
      if (kind === 'sh') return linesOf(text).map(commandOf);
      if (kind === 'text') return [{ kind: 'shown', lines: linesOf(text) }];
      assert.ok(kind === 'js' && file !== '', `a block of '${kind}' that nobody runs:\n${text}`);
      return [{ kind: 'write', file, text }];
    },
  );
}

function commandOf(text: string): PageStep {
  const [, line, exits] = /^(.+?) +# exits (\d)$/.exec(text) ?? [];
  assert.ok(line !== undefined, `how does it exit? ${text}`);
  return { kind: 'run', line, exits: Number(exits) };
}

/**
 * The first of the shown lines that was not printed after those before it. `…` stands for anything;
 * numbers and spaces may differ, because times and widths do.
 */
export function missingLine(shown: readonly string[], printed: string): string | undefined {
  const lines = linesOf(printed);
  let at = 0;
  return shown.find((line) => {
    const pattern = patternOf(line);
    const found = lines.findIndex((one, index) => index >= at && pattern.test(one));
    at = found + 1;
    return found < 0;
  });
}

function patternOf(line: string): RegExp {
  const parts = line.trim().split(/(…|\d+|\s+)/);
  const source = parts.map((part) => {
    if (part === '…') return '.*';
    if (/^\d+$/.test(part)) return '\\d+';
    return /^\s+$/.test(part) ? '\\s+' : RegExp.escape(part);
  });
  return new RegExp(`^\\s*${source.join('')}\\s*$`);
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
