import type { Operation } from '../declare/operation.ts';
import { STEP_NS } from '../judge/verdict.ts';

/** How times of some operations are told. */
export interface OperationClock {
  readonly unit: string;
  /** A time of an operation in that unit. */
  readonly place: (at: number) => string;
  /** A length of time in that unit. */
  readonly length: (nanoseconds: number) => string;
}

/**
 * A clock for a few operations: the steps of a schedule where the rig made one, else the time since
 * the first of them, in a unit that tells them apart.
 */
export function clockOf(operations: readonly Operation[], isScheduled: boolean): OperationClock {
  if (isScheduled) {
    const steps = (nanoseconds: number) => String(Math.round(nanoseconds / STEP_NS));
    return { unit: 'step', place: steps, length: steps };
  }
  const first = Math.min(...operations.map(({ invokedAt }) => invokedAt));
  const last = Math.max(first, ...operations.map((one) => one.returnedAt ?? one.invokedAt));
  const { unit, size, digits } = SCALES.find(({ upTo }) => last - first < upTo) ?? MS;
  const length = (nanoseconds: number) => (nanoseconds / size).toFixed(digits);
  return { unit, length, place: (at) => length(at - first) };
}

const MS = { unit: 'ms', size: 1e6, digits: 3 };
const SCALES = [
  { unit: 'ns', upTo: 1e3, size: 1, digits: 0 },
  { unit: 'µs', upTo: 1e6, size: 1e3, digits: 1 },
];
