import { share, text } from './html-text.ts';

/** Width of the space in which shapes are drawn; the page stretches it to the room there is. */
export const PLOT_WIDTH = 1000;

/** What a plot is made of. Shapes are stretched to the width of the page, words are not. */
export interface PlotParts {
  readonly height: number;
  /** Said to who cannot see it. */
  readonly label: string;
  /** In a space of `PLOT_WIDTH` times the height. */
  readonly shapes: readonly string[];
  readonly words: readonly string[];
}

/** An SVG element as wide as its place, of a fixed height, whose letters keep their size. */
export function plot({ height, label, shapes, words }: PlotParts): string {
  return `<svg class="plot" height="${height}" role="img" aria-label="${text(label)}"><svg width="100%" height="${height}" viewBox="0 0 ${PLOT_WIDTH} ${height}" preserveAspectRatio="none">${shapes.join('')}</svg>${words.join('')}</svg>`;
}

/** Text at a share of the width, that at the edges stays within. */
export function word(at: number, y: number, said: string): string {
  const anchor = at < 0.04 ? 'start' : at > 0.96 ? 'end' : 'middle';
  return `<text x="${share(at)}" y="${y}" text-anchor="${anchor}">${text(said)}</text>`;
}

/** A horizontal line with what it stands for above its left end. */
export function level(y: number, said: string): { readonly shape: string; readonly word: string } {
  return {
    shape: `<path class="grid" d="M0 ${y.toFixed(1)}h${PLOT_WIDTH}"/>`,
    word: `<text x="0" y="${(y - 3).toFixed(1)}">${text(said)}</text>`,
  };
}

/** Round numbers from 0 to at least `high`, as few as divide it well. */
export function levelsUpTo(high: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(high, 1e-9) / 2));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => high / one <= 3) ?? high;
  const levels = [0];
  while ((levels.at(-1) ?? 0) < high) levels.push(levels.length * step);
  return levels;
}
