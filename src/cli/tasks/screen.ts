import { displayWidth } from './width.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_LINE_REST = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/** What to write so that a terminal shows one frame in the place of the one before. */
export class Screen {
  #shown: readonly string[] = [];
  #columns = 0;
  #isCursorHidden = false;

  /**
   * `lines`, each narrower than `columns`, take the place of those before. What is written `above`
   * them stays for good, and may be broken by the terminal.
   */
  frame(lines: readonly string[], columns: number, above: readonly string[] = []): string {
    if (above.length === 0 && columns === this.#columns && isSame(lines, this.#shown)) return '';
    const hide = this.#isCursorHidden ? '' : HIDE_CURSOR;
    const back = this.#backToTop(columns);
    this.#columns = columns;
    this.#isCursorHidden = true;
    this.#shown = lines;
    const text = [...above, ...lines].map((line) => `${line}${ERASE_LINE_REST}\n`).join('');
    return `${hide}${back}${text}${ERASE_BELOW}`;
  }

  /** Whatever is on the terminal now is not ours to write over. */
  forget(): void {
    this.#shown = [];
    this.#isCursorHidden = false;
  }

  /** Leaves the last frame where it is, and the cursor under it. */
  close(): string {
    const text = this.#isCursorHidden ? SHOW_CURSOR : '';
    this.forget();
    return text;
  }

  /** A terminal that was made narrower has broken lines of the frame in two or more. */
  #backToTop(columns: number): string {
    let rows = 0;
    for (const line of this.#shown) rows += Math.max(1, Math.ceil(displayWidth(line) / columns));
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
