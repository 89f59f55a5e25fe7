import { wrongArgument } from '../../errors.ts';
import type { JsonValue } from './json-text.ts';
import { mapped, type Shape, struct, unsigned } from './rust-json.ts';

/** A time to the nanosecond, as Rust's `SystemTime` has it. */
export interface RustTime {
  /** Milliseconds since 1970, whole. */
  readonly ms: number;
  /** Nanoseconds beyond that, 0 to 999,999. */
  readonly ns: number;
}

/** The last second that a `Date` can have. No file means a later one. */
const SECONDS_MAX = 8_640_000_000_000;

const NANOS_MAX = 999_999_999;

export const time: Shape<RustTime> = mapped(
  struct<{ secs_since_epoch: number; nanos_since_epoch: number }>({
    secs_since_epoch: unsigned(SECONDS_MAX),
    nanos_since_epoch: unsigned(NANOS_MAX),
  }),
  ({ secs_since_epoch: seconds, nanos_since_epoch: nanos }) => ({
    ms: seconds * 1000 + Math.trunc(nanos / 1e6),
    ns: nanos % 1e6,
  }),
);

export function timeJson({ ms, ns }: RustTime): JsonValue {
  return {
    secs_since_epoch: Math.trunc(ms / 1000),
    nanos_since_epoch: (ms % 1000) * 1e6 + ns,
  };
}

/** @throws RangeError for a time that could not be written, or not be read again */
export function checkTime(name: string, { ms, ns }: RustTime): void {
  const isMs = Number.isInteger(ms) && ms >= 0 && ms < (SECONDS_MAX + 1) * 1000;
  if (isMs && Number.isInteger(ns) && ns >= 0 && ns < 1e6) return;
  throw wrongArgument('range', `${name} must be a time since 1970, not ${ms} ms and ${ns} ns`);
}
