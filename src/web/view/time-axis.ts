/** A stretch of time, epoch ms. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 30, 100, 365].map((count) => count * DAY),
];

/** Least room between two labels. */
const LABEL_PX = 76;

/** Part of the window that lies ahead, where one sees what is left. */
const MARGIN = 0.1;

/** Shorter ones would race past. */
const LEAST_MS = 10 * SECOND;

/** What is shown of the rows: all of it, or what was lately. `spanMs` null: all. */
export function windowOf(
  spanMs: number | null,
  rows: { readonly from: number; readonly to: number } | undefined,
  now: number,
): TimeWindow {
  const to = spanMs === null ? (rows?.to ?? now) : now;
  const from = spanMs === null ? (rows?.from ?? now) : now - spanMs;
  const lengthMs = Math.max(to - from, LEAST_MS);
  return { from, to: from + lengthMs * (1 + MARGIN) };
}

/** Where a moment stands in a width, not clipped. */
export function placeOf(at: number, { from, to }: TimeWindow, width: number): number {
  return ((at - from) / (to - from)) * width;
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Round times of the reader's day, as many as have room. */
export function ticksOf({ from, to }: TimeWindow, width: number): readonly Tick[] {
  const leastMs = ((to - from) / Math.max(width, 1)) * LABEL_PX;
  const step = STEPS.find((size) => size >= leastMs);
  if (step === undefined) return [];
  const shift = new Date(from).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((from - shift) / step) * step + shift;
  const ticks: Tick[] = [];
  for (let at = first; at < to; at += step) ticks.push({ at, label: labelOf(at, step) });
  return ticks;
}

function labelOf(at: number, step: number): string {
  const date = new Date(at);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(
    (part) => String(part).padStart(2, '0'),
  );
  if (step >= DAY) return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return step >= MINUTE ? `${hours}:${minutes}` : `${hours}:${minutes}:${seconds}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
