import { UsageError } from './parse.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90d`, `12h`, `30s`: a number and its unit. @throws UsageError */
export function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const ms = UNIT_MS[unit];
  if (ms !== undefined) return Number(count) * ms;
  throw new UsageError(`'${text}' is no time like 90d, 12h, 15m, 30s or 500ms`);
}

/** Epoch ms of a date as ISO 8601 writes it, or of a time from now on. @throws UsageError */
export function momentMs(text: string, now: number): number {
  if (/^\d+[a-z]+$/.test(text)) return now + durationMs(text);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(`'${text}' is no time like 2030-01-31T12:00:00Z or 90d`);
}

/** ECMA-262, 21.4.1.1; what is to be kept for ever is later. */
const LAST_DATE_MS = 8.64e15;

/** ISO 8601 in UTC; null for none, as JSON has it. */
export function timeText(at: number): string;
export function timeText(at: number | undefined): string | null;
export function timeText(at: number | undefined): string | null {
  return at === undefined ? null : new Date(Math.min(at, LAST_DATE_MS)).toISOString();
}
