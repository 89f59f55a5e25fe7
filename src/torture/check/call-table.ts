import { cut, oneLine, valueText } from '../report/printable.ts';
import type { Call } from './call.ts';

/** A wider table no terminal shows. */
const COLUMNS_MAX = 8;
const CELL_MAX = 34;

/** What the calls of a table are called, beside what they are. */
export interface TableWords {
  /** Who makes them: `process`, `client`. */
  readonly who: string;
  /** What the places in real time are: `line`, `ms`. */
  readonly where: string;
  readonly place: (at: number) => string;
  /** Whether an answer that repeats the question says nothing, as in recorded histories. */
  readonly hasEchoes: boolean;
  /** Said of a call when it ends, or has begun for good. */
  readonly remark?: ((call: Call) => string | undefined) | undefined;
}

/** Of a history that somebody recorded: processes, and lines of its file. */
const HISTORY_WORDS: TableWords = { who: 'process', where: 'line', place: String, hasEchoes: true };

/**
 * Calls as a table with a column for each process and a row for each event, in real-time order.
 * What never returned stays open to the end. Where there would be more than eight columns, a line
 * for each call instead.
 */
export function callTable(calls: readonly Call[], words: TableWords = HISTORY_WORDS): string {
  const processes = [...new Set(calls.map(({ process }) => process))].sort((a, b) => a - b);
  if (processes.length > COLUMNS_MAX) {
    return calls.map((call) => `${callText(call, words)}\n`).join('');
  }
  const open = new Set<number>();
  const rows = [[words.where, ...processes.map((process) => `${words.who} ${process}`)]];
  for (const { at, call, ends } of eventsOf(calls)) {
    const cells = processes.map((process) => {
      if (process !== call.process) return open.has(process) ? '│' : '';
      if (ends) return `└ ${answerText(call, words)}${remarkText(call, words)}`;
      return `┌ ${askText(call)}${isOpenEnded(call) ? remarkText(call, words) : ''}`;
    });
    if (ends) open.delete(call.process);
    else open.add(call.process);
    rows.push([words.place(at), ...cells]);
  }
  return aligned(rows);
}

function eventsOf(calls: readonly Call[]): { at: number; call: Call; ends: boolean }[] {
  return calls
    .flatMap((call) => [
      { at: call.begin, call, ends: false },
      ...(isOpenEnded(call) ? [] : [{ at: call.end, call, ends: true }]),
    ])
    .sort((a, b) => a.at - b.at);
}

function isOpenEnded(call: Call): boolean {
  return call.end === Number.POSITIVE_INFINITY;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** A call on one line: `process 2: read → 3 (line 4 to 9)`. */
function callText(call: Call, words: TableWords): string {
  const { who, where, place } = words;
  const end = isOpenEnded(call) ? ', never returned' : ` to ${place(call.end)}`;
  const when = `${where} ${place(call.begin)}${end}`;
  return `${who} ${call.process}: ${askText(call)} ${answerText(call, words)}${remarkText(call, words)} (${when})`;
}

function remarkText(call: Call, { remark }: TableWords): string {
  const said = remark?.(call);
  return said === undefined ? '' : `  ${said}`;
}

/** Nothing is said of an input that is none. */
function askText({ f, key, input }: Call): string {
  const at = key === undefined ? '' : ` ${key}`;
  const value = input === null || input === undefined ? '' : ` ${valueText(input, CELL_MAX)}`;
  return cell(`${f}${at}${value}`);
}

function answerText({ outcome, output, input }: Call, { hasEchoes }: TableWords): string {
  if (outcome !== 'ok') return outcome;
  const whole = valueText(output, Number.POSITIVE_INFINITY);
  const isEcho = hasEchoes && whole === valueText(input ?? undefined, Number.POSITIVE_INFINITY);
  return cell(output === undefined || isEcho ? 'ok' : `→ ${whole}`);
}

function cell(text: string): string {
  return cut(oneLine(cut(text, CELL_MAX)), CELL_MAX);
}
