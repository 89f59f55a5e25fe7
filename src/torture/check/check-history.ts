import { wrongArgument } from '../../errors.ts';
import type { Call, CheckResult } from './call.ts';
import { type CheckOptions, checkCalls } from './check.ts';
import { checkListAppend, type ListAppendOptions } from './list-append/check.ts';
import { models } from './models.ts';

/** Names of what a history can be checked against. */
export const modelNames: readonly string[] = [...models.map(({ name }) => name), 'list-append'];

export type HistoryOptions = CheckOptions & ListAppendOptions;

/**
 * Judges a recorded history by a model: `ok` when some order of the calls that respects real time
 * explains every answer, `violation` with a counterexample when none does, `unknown` when that was
 * not found out in time.
 * @throws RangeError for a model that is not known, HistoryError for a call that it has no words for
 */
export function checkHistory(
  model: string,
  calls: readonly Call[],
  options: HistoryOptions = {},
): CheckResult {
  if (model === 'list-append') return checkListAppend(calls, options);
  const found = models.find(({ name }) => name === model);
  if (found) return checkCalls(found, calls, options);
  throw wrongArgument('range', `there is no model '${model}'; known are ${modelNames.join(', ')}`);
}
