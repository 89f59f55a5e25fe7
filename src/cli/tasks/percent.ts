/** What is shown of a fraction that nobody knows. */
const UNKNOWN = 'n/a';
const BAR_CELLS = 10;

/** `33.33%`; 100% is only what is complete. */
export function percentText(fraction: number | null): string {
  if (fraction === null) return UNKNOWN;
  const hundredths = Math.round(fraction * 10_000);
  return `${(fraction < 1 ? Math.min(hundredths, 9999) : hundredths) / 100}%`;
}

/** `[###~~~~~~~]`: ten cells, of which those are filled that are done. */
export function barText(fraction: number | null): string {
  if (fraction === null) return `[~~~~${UNKNOWN}~~~]`;
  const filled = Math.floor(fraction * BAR_CELLS);
  return `[${'#'.repeat(filled)}${'~'.repeat(BAR_CELLS - filled)}]`;
}
