import type { Call, CheckResult } from '../call.ts';
import { findCycle } from './cycles.ts';
import { edgesOf } from './graph.ts';
import { transactionOf } from './transaction.ts';
import { versionsOf } from './versions.ts';

export interface ListAppendOptions {
  /** Default true: strict serializability; false does without real time. */
  readonly withRealTime?: boolean | undefined;
}

/**
 * Looks for anomalies among transactions that append to lists and read them (Kingsbury and Alvaro,
 * "Elle", 2020). Each value is appended to a key once, so that reads tell the order of versions; from
 * it follows which transactions must come before which, and a cycle is an anomaly. `ok` means that
 * none was found: what nobody read says nothing.
 * @throws HistoryError
 */
export function checkListAppend(
  calls: readonly Call[],
  { withRealTime = true }: ListAppendOptions = {},
): CheckResult {
  const transactions = calls.map(transactionOf);
  const versions = versionsOf(transactions);
  const anomaly =
    'name' in versions
      ? versions
      : findCycle(transactions, edgesOf(transactions, versions, withRealTime));
  const nothing = { key: undefined, explained: 0, calls: calls.length };
  if (anomaly === undefined) {
    return { ...nothing, verdict: 'ok', reason: undefined, counterexample: [] };
  }
  const counterexample = anomaly.transactions.map((index) => calls[index] as Call);
  return {
    ...nothing,
    verdict: 'violation',
    reason: `${anomaly.name}: ${anomaly.text}`,
    counterexample: counterexample.sort((a, b) => a.begin - b.begin),
  };
}
