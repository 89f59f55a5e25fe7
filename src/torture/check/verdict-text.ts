import type { Call, CheckResult } from './call.ts';

/** A wider table no terminal shows. */
const COLUMNS_MAX = 8;
const CELL_MAX = 34;
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

/**
 * Calls as a table with a column for each process and a row for each event, by its line in the
 * history. What never returned stays open to the end.
 */
export function callTable(calls: readonly Call[]): string {
  const processes = [...new Set(calls.map(({ process }) => process))].sort((a, b) => a - b);
  if (processes.length > COLUMNS_MAX) return calls.map((call) => `${callText(call)}\n`).join('');
  const events = calls
    .flatMap((call) => [
      { at: call.begin, call, ends: false },
      ...(call.end === Number.POSITIVE_INFINITY ? [] : [{ at: call.end, call, ends: true }]),
    ])
    .sort((a, b) => a.at - b.at);
  const open = new Set<number>();
  const rows = [['line', ...processes.map((process) => `process ${process}`)]];
  for (const { at, call, ends } of events) {
    const cells = processes.map((process) => {
      if (process === call.process) return ends ? `└ ${answerText(call)}` : `┌ ${askText(call)}`;
      return open.has(process) ? '│' : '';
    });
    if (ends) open.delete(call.process);
    else open.add(call.process);
    rows.push([String(at), ...cells]);
  }
  return aligned(rows);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A call on one line: `read → 3 of process 2, lines 4 to 9`. */
function callText(call: Call): string {
  const end = call.end === Number.POSITIVE_INFINITY ? ', never returned' : ` to ${call.end}`;
  return `process ${call.process}: ${askText(call)} ${answerText(call)} (line ${call.begin}${end})`;
}

function askText({ f, key, input }: Call): string {
  const at = key === undefined ? '' : ` ${key}`;
  const value = input === null || input === undefined ? '' : ` ${JSON.stringify(input)}`;
  return cut(`${f}${at}${value}`);
}

function answerText({ outcome, output, input }: Call): string {
  if (outcome !== 'ok') return outcome;
  const isNews = output !== undefined && JSON.stringify(output) !== JSON.stringify(input);
  return cut(isNews ? `→ ${JSON.stringify(output)}` : 'ok');
}

function cut(text: string): string {
  return text.length <= CELL_MAX ? text : `${text.slice(0, CELL_MAX - 1)}…`;
}
