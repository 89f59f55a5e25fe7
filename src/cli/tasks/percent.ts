/** What is shown of a fraction that nobody knows. */
const UNKNOWN = 'n/a';
const BAR_CELLS = 10;

/** `33.33%`; 100% is only what is complete, and `100%+` what is more than was thought. */
export function percentText(fraction: number | null, isOverrun = false): string {
  if (fraction === null) return UNKNOWN;
  if (fraction >= 1) return isOverrun ? '100%+' : '100%';
  return `${Math.min(9999, Math.round(fraction * 10_000)) / 100}%`;
}

/** `[###~~~~~~~]`: ten cells, of which those are filled that are done. */
export function barText(fraction: number | null): string {
  if (fraction === null) return `[~~~~${UNKNOWN}~~~]`;
  const filled = Math.floor(fraction * BAR_CELLS);
  return `[${'#'.repeat(filled)}${'~'.repeat(BAR_CELLS - filled)}]`;
}
