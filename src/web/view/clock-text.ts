const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `0:07`, `12:40`, `3:02:09`, `4d 6h`. */
export function clockText(ms: number): string {
  // A clock that was set back is no reason to show less than nothing.
  const left = Math.max(0, ms);
  if (left >= DAY_MS)
    return `${Math.floor(left / DAY_MS)}d ${Math.floor((left % DAY_MS) / HOUR_MS)}h`;
  const hours = Math.floor(left / HOUR_MS);
  const minutes = Math.floor((left % HOUR_MS) / MINUTE_MS);
  const seconds = two(Math.floor((left % MINUTE_MS) / SECOND_MS));
  return hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** What a difference of times is called: `0.4 s`, `12 s`, `3:20`. */
export function spanText(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  return clockText(ms);
}

/** `14:03:07`, in the time of the reader. */
export function timeOfDayText(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `2026-11-21 14:03:07`. */
export function dateText(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${timeOfDayText(at)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
