import { valueText } from '../report/printable.ts';

/**
 * What is known about an operation that has begun. `ok`: it happened. `fail`: it did not. `info`:
 * nobody knows, and it may still happen at any time later.
 */
export type Outcome = 'ok' | 'fail' | 'info';

/** One operation of one client, as it was seen from outside the store. */
export interface Operation<I = unknown, O = unknown> {
  /** Number of the client. A client does one operation at a time. */
  readonly process: number;
  readonly phase: string;
  readonly round: number;
  /** Name of the operation in the declaration. */
  readonly f: string;
  readonly input: I;
  /** The result of an `ok`. */
  readonly output: O;
  readonly outcome: Outcome;
  /** Code and message of what was thrown. */
  readonly error?: string | undefined;
  /** Whether it was thrown although the declaration has no word for it. */
  readonly isBug?: boolean | undefined;
  /** Whether it was over in the very turn of its worker's event loop in which it had begun. */
  readonly isInstant?: boolean | undefined;
  /** When it was to begin, in a run at a given rate. */
  readonly dueAt?: number | undefined;
  /** Nanoseconds since the run began. */
  readonly invokedAt: number;
  /** undefined when its worker died first. */
  readonly returnedAt: number | undefined;
}

/** One operation on one line, for reports: `client 3 reserve "/p/1" → 5000 (12.1–13.4 ms)`. */
export function describeOperation(operation: Operation): string {
  const { process, f, input, output, outcome, error, invokedAt, returnedAt } = operation;
  const result =
    outcome === 'ok' ? `→ ${shortJson(output)}` : `${outcome}${error ? `: ${error}` : ''}`;
  const end = returnedAt === undefined ? '' : millis(returnedAt);
  return `client ${process} ${f} ${shortJson(input)} ${result} (${millis(invokedAt)}–${end} ms)`;
}

/** JSON cut to what a line of a report can bear. */
export function shortJson(value: unknown, lengthMax = 160): string {
  return valueText(value, lengthMax);
}

function millis(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(2);
}
