import { HistoryError } from '../history-error.ts';
import type { Transaction } from './transaction.ts';

/** An append, and where it stands among those of its transaction to the same key. */
export interface Append {
  readonly transaction: number;
  readonly key: string;
  readonly value: string;
  readonly isLast: boolean;
}

/** The values of a key in the order in which they were appended, as far as anybody saw. */
export interface Versions {
  readonly order: readonly string[];
  /** Who read all of them. */
  readonly reader: number | undefined;
  readonly appends: ReadonlyMap<string, Append>;
}

/** Something that no order of transactions could give. */
export interface Anomaly {
  readonly name: string;
  readonly text: string;
  readonly transactions: readonly number[];
}

/**
 * The order of versions of every key, from the longest read of it: a value is appended once, so a
 * read shows the whole past of its key. Or an anomaly that shows already.
 * @throws HistoryError when a value is appended twice to one key
 */
export function versionsOf(
  transactions: readonly Transaction[],
): ReadonlyMap<string, Versions> | Anomaly {
  const appends = appendsOf(transactions);
  const orders = new Map<string, { order: readonly string[]; reader: number | undefined }>();
  for (const key of appends.keys()) orders.set(key, { order: [], reader: undefined });
  for (const [index, { steps, call }] of transactions.entries()) {
    if (call.outcome !== 'ok') continue;
    const own = insideOf(index, steps);
    if (own) return own;
    for (const step of steps) {
      if (step.kind !== 'read' || step.values === undefined) continue;
      const wrong = misread(index, step.key, step.values, appends, transactions);
      if (wrong) return wrong;
      const known = orders.get(step.key) ?? { order: [], reader: undefined };
      const [short, long] =
        step.values.length > known.order.length
          ? [known.order, step.values]
          : [step.values, known.order];
      const differs = short.findIndex((value, at) => value !== long[at]);
      if (differs >= 0) return incompatible(index, known.reader ?? index, step.key, short, long);
      if (long === step.values) orders.set(step.key, { order: step.values, reader: index });
      else if (!orders.has(step.key)) orders.set(step.key, known);
    }
  }
  return new Map(
    [...orders].map(([key, found]) => [key, { ...found, appends: appends.get(key) ?? new Map() }]),
  );
}

function appendsOf(transactions: readonly Transaction[]): Map<string, Map<string, Append>> {
  const appends = new Map<string, Map<string, Append>>();
  for (const [index, { steps, call }] of transactions.entries()) {
    for (const [at, step] of steps.entries()) {
      if (step.kind !== 'append') continue;
      const { key, value } = step;
      const ofKey = appends.get(key) ?? new Map<string, Append>();
      appends.set(key, ofKey);
      if (ofKey.has(value)) {
        throw new HistoryError(call.begin, `${value} is appended to ${key} a second time`);
      }
      const isLast = !steps.slice(at + 1).some((one) => one.kind === 'append' && one.key === key);
      ofKey.set(value, { transaction: index, key, value, isLast });
    }
  }
  return appends;
}

/** Each read must show what the transaction itself has read and appended before. */
function insideOf(index: number, steps: Transaction['steps']): Anomaly | undefined {
  const read = new Map<string, readonly string[]>();
  const added = new Map<string, readonly string[]>();
  for (const step of steps) {
    const { key } = step;
    const own = added.get(key) ?? [];
    if (step.kind === 'append') {
      added.set(key, [...own, step.value]);
      continue;
    }
    if (step.values === undefined) continue;
    const before = read.get(key);
    const { values } = step;
    const tail = own.length === 0 ? [] : values.slice(-own.length);
    const head = values.slice(0, values.length - own.length);
    const holds = isSame(tail, own) && (before === undefined || isSame(head, before));
    if (!holds) {
      const expected = before ? listText([...before, ...own]) : `… ending in ${listText(own)}`;
      const text = `T${index} read ${key} as ${listText(values)}, after it had itself seen or made it ${expected}`;
      return { name: 'internal inconsistency', text, transactions: [index] };
    }
    read.set(key, head);
  }
  return undefined;
}

function misread(
  reader: number,
  key: string,
  values: readonly string[],
  appends: ReadonlyMap<string, ReadonlyMap<string, Append>>,
  transactions: readonly Transaction[],
): Anomaly | undefined {
  const seen = new Set<string>();
  for (const [at, value] of values.entries()) {
    const what = `T${reader} read ${key} as ${listText(values)}`;
    if (seen.has(value)) {
      const text = `${what}, with ${value} twice, which was appended once`;
      return { name: 'duplicate element', text, transactions: [reader] };
    }
    seen.add(value);
    const append = appends.get(key)?.get(value);
    if (append === undefined) {
      const text = `${what}, and nobody ever appended ${value}`;
      return { name: 'garbage read', text, transactions: [reader] };
    }
    const { transaction: writer, isLast } = append;
    if (transactions[writer]?.call.outcome === 'fail') {
      const text = `${what}, and T${writer}, which appended ${value}, failed`;
      return { name: 'G1a (aborted read)', text, transactions: [writer, reader] };
    }
    const next = values[at + 1];
    const isTorn = next === undefined || appends.get(key)?.get(next)?.transaction !== writer;
    if (!isLast && isTorn && writer !== reader) {
      const text = `${what}, which has ${value} of T${writer} without what T${writer} appended next`;
      return { name: 'G1b (intermediate read)', text, transactions: [writer, reader] };
    }
  }
  return undefined;
}

function incompatible(
  a: number,
  b: number,
  key: string,
  short: readonly string[],
  long: readonly string[],
): Anomaly {
  const text = `T${a} and T${b} read ${key} as ${listText(short)} and as ${listText(long)}: neither is the beginning of the other`;
  return { name: 'incompatible order', text, transactions: [...new Set([b, a])] };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** A list as a sentence bears it: its end, when it is long. */
export function listText(values: readonly string[]): string {
  const shown = values.slice(-8);
  return `[${values.length > shown.length ? '…, ' : ''}${shown.join(', ')}]`;
}
