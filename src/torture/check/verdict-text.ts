import type { Call, CheckResult } from './call.ts';
import { callTable } from './call-table.ts';

/** More nobody reads. */
const CALLS_MAX = 30;

/** A verdict about a history as the command line prints it. */
export function historyVerdictText(model: string, result: CheckResult, durationMs: number): string {
  const seconds = `${(durationMs / 1000).toFixed(2)} s`;
  const where = result.key === undefined ? '' : ` at key ${JSON.stringify(result.key)}`;
  if (result.verdict === 'ok') return `ok: a legal history of a ${model} (${seconds})\n`;
  const reason = `${result.verdict}${where}: ${result.reason} (${seconds})\n`;
  return result.counterexample.length === 0
    ? reason
    : `${reason}\n${lastCalls(result.counterexample)}`;
}

/** Where it could not be made small, its end is what to look at. */
function lastCalls(calls: readonly Call[]): string {
  if (calls.length <= CALLS_MAX) return callTable(calls);
  const last = calls.slice(-CALLS_MAX);
  return `the last ${CALLS_MAX} of ${calls.length} calls that cannot all be:\n\n${callTable(last)}`;
}
