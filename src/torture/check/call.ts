import type { Outcome } from '../declare/operation.ts';

/**
 * One operation of a history as a checker sees it. `begin` and `end` are places in real-time order:
 * what ends before another begins came first.
 */
export interface Call {
  readonly process: number;
  readonly f: string;
  /** Calls on different keys do not touch each other. */
  readonly key: string | undefined;
  /** What was asked, as the invoke has it. */
  readonly input: unknown;
  /** What was answered, for an `ok`. */
  readonly output: unknown;
  readonly outcome: Outcome;
  readonly begin: number;
  /** Infinity for what nobody saw return: it stays under way for ever. */
  readonly end: number;
}

/** A verdict about one history. */
export interface CheckResult {
  readonly verdict: 'ok' | 'violation' | 'unknown';
  /** One sentence: what cannot be, or why nobody knows. */
  readonly reason: string | undefined;
  /** The key at which it shows, if the history has keys. */
  readonly key: string | undefined;
  /** A part of the history that cannot be by itself, as small as could be found. */
  readonly counterexample: readonly Call[];
  /** As many calls as some order explains, of as many as there are at that key. */
  readonly explained: number;
  readonly calls: number;
}
