import type { Call } from '../call.ts';
import { HistoryError } from '../history-error.ts';
import { canonicalJson } from '../intern.ts';

/** An append of a value that is appended to that key once, or a read of all values in order. */
export type Step =
  | { readonly kind: 'append'; readonly key: string; readonly value: ValueId }
  | {
      readonly kind: 'read';
      readonly key: string;
      readonly values: readonly ValueId[] | undefined;
    };

/** A value: equal ones are `===`. What is neither a number nor text is told by its JSON. */
export type ValueId = number | string;

const MARK = '\0';

function idOf(value: unknown): ValueId {
  return isPlain(value) ? value : MARK + canonicalJson(value);
}

function isPlain(value: unknown): value is ValueId {
  return typeof value === 'number' || typeof value === 'string';
}

export function valueText(id: ValueId | undefined): string {
  if (typeof id === 'string' && id.startsWith(MARK)) return id.slice(MARK.length);
  return JSON.stringify(id) ?? '';
}

/** A list as a sentence bears it: its end, when it is long. */
export function listText(ids: readonly ValueId[]): string {
  const shown = ids.slice(-8).map(valueText);
  return `[${ids.length > shown.length ? '…, ' : ''}${shown.join(', ')}]`;
}

/** A transaction of a history. */
export interface Transaction {
  readonly call: Call;
  readonly steps: readonly Step[];
}

/**
 * Reads a call `txn` with the value `[["append", key, v], ["r", key, [..]]]`. What was read is known
 * of an `ok` only.
 * @throws HistoryError
 */
export function transactionOf(call: Call): Transaction {
  if (call.f !== 'txn') {
    throw new HistoryError(call.begin, `model list-append has no operation '${call.f}', only txn`);
  }
  const isKnown = call.outcome === 'ok';
  const said = isKnown ? (call.output ?? call.input) : call.input;
  if (!Array.isArray(said)) throw new HistoryError(call.begin, 'a txn is a list of steps');
  return { call, steps: said.map((step) => stepOf(call, step, isKnown)) };
}

function stepOf(call: Call, step: unknown, isKnown: boolean): Step {
  if (!Array.isArray(step) || step.length < 2 || step.length > 3) {
    throw new HistoryError(call.begin, 'a step is ["append", key, value] or ["r", key, values]');
  }
  const [word, key, value = null] = step;
  const name = typeof key === 'string' ? key : JSON.stringify(key);
  if (word === 'append') return { kind: 'append', key: name, value: idOf(value) };
  if (word !== 'r')
    throw new HistoryError(call.begin, `a step is append or r, not ${String(word)}`);
  if (!isKnown) return { kind: 'read', key: name, values: undefined };
  if (value !== null && !Array.isArray(value)) {
    throw new HistoryError(call.begin, 'what was read is a list of values');
  }
  const list: readonly unknown[] = value ?? [];
  // Lists are long and read often: most are taken as they are.
  return { kind: 'read', key: name, values: list.every(isPlain) ? list : list.map(idOf) };
}
