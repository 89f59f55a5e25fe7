import { HistoryError } from '../history-error.ts';
import { listText, type Transaction, type ValueId, valueText } from './transaction.ts';

/** An append, and where it stands among those of its transaction to the same key. */
export interface Append {
  readonly transaction: number;
  readonly value: ValueId;
  readonly isLast: boolean;
}

/** The values of a key in the order in which they were appended, as far as anybody saw. */
export interface Versions {
  readonly appends: ReadonlyMap<ValueId, Append>;
  readonly order: readonly ValueId[];
}

/** Something that no order of transactions could give. */
export interface Anomaly {
  readonly name: string;
  readonly text: string;
  readonly transactions: readonly number[];
}

interface Growing {
  readonly appends: Map<ValueId, Append>;
  order: readonly ValueId[];
  /** Who read all of `order`. */
  reader: number;
}

/**
 * The order of versions of every key, from the longest read of it: a value is appended once, so a
 * read shows the whole past of its key. Or an anomaly that shows already.
 * @throws HistoryError when a value is appended twice to one key
 */
export function versionsOf(
  transactions: readonly Transaction[],
): ReadonlyMap<string, Versions> | Anomaly {
  const versions = appendsOf(transactions);
  for (const [index, { steps, call }] of transactions.entries()) {
    if (call.outcome !== 'ok') continue;
    const own = insideOf(index, steps);
    if (own) return own;
    for (const step of steps) {
      if (step.kind !== 'read' || step.values === undefined) continue;
      const known = growing(versions, step.key);
      const wrong = readInto(
        known,
        { reader: index, key: step.key, values: step.values },
        transactions,
      );
      if (wrong) return wrong;
    }
  }
  return versions;
}

function growing(versions: Map<string, Growing>, key: string): Growing {
  let known = versions.get(key);
  if (known === undefined) {
    known = { appends: new Map(), order: [], reader: -1 };
    versions.set(key, known);
  }
  return known;
}

function appendsOf(transactions: readonly Transaction[]): Map<string, Growing> {
  const versions = new Map<string, Growing>();
  for (const [index, { steps, call }] of transactions.entries()) {
    for (const [at, step] of steps.entries()) {
      if (step.kind !== 'append') continue;
      const { key, value } = step;
      const { appends } = growing(versions, key);
      if (appends.has(value)) {
        const reason = `${valueText(value)} is appended to ${key} a second time`;
        throw new HistoryError(call.begin, reason);
      }
      const isLast = !steps.slice(at + 1).some((one) => one.kind === 'append' && one.key === key);
      appends.set(value, { transaction: index, value, isLast });
    }
  }
  return versions;
}

/** Each read must show what the transaction itself has read and appended before. */
function insideOf(index: number, steps: Transaction['steps']): Anomaly | undefined {
  if (steps.length === 1) return undefined;
  const read = new Map<string, readonly ValueId[]>();
  const added = new Map<string, readonly ValueId[]>();
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
    const head = own.length === 0 ? values : values.slice(0, values.length - own.length);
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

interface Read {
  readonly reader: number;
  readonly key: string;
  readonly values: readonly ValueId[];
}

function readText({ reader, key, values }: Read): string {
  return `T${reader} read ${key} as ${listText(values)}`;
}

/** Holds a read against the longest one so far, which it is the beginning of or goes on from. */
function readInto(
  known: Growing,
  read: Read,
  transactions: readonly Transaction[],
): Anomaly | undefined {
  const { reader, key, values } = read;
  const { order } = known;
  const common = Math.min(order.length, values.length);
  for (let at = 0; at < common; at += 1) {
    if (order[at] === values[at]) continue;
    const wrong = misread(known, read, 0, transactions);
    if (wrong) return wrong;
    const [a, b] = [listText(order), listText(values)];
    const text = `T${known.reader} and T${reader} read ${key} as ${a} and as ${b}: neither is the beginning of the other`;
    const both = [...new Set([known.reader, reader])];
    return { name: 'incompatible order', text, transactions: both };
  }
  if (values.length > order.length) {
    const wrong = misread(known, read, order.length, transactions);
    if (wrong) return wrong;
    known.order = values;
    known.reader = reader;
  }
  return intermediate(known, read, values.length - 1);
}

/** What is wrong with the values from `from` on. */
function misread(
  known: Growing,
  read: Read,
  from: number,
  transactions: readonly Transaction[],
): Anomaly | undefined {
  const { reader, values } = read;
  const seen = new Set(values.slice(0, from));
  for (let at = from; at < values.length; at += 1) {
    const value = values[at] as ValueId;
    if (seen.has(value)) {
      const text = `${readText(read)}, with ${valueText(value)} twice, which was appended once`;
      return { name: 'duplicate element', text, transactions: [reader] };
    }
    seen.add(value);
    const append = known.appends.get(value);
    if (append === undefined) {
      const text = `${readText(read)}, and nobody ever appended ${valueText(value)}`;
      return { name: 'garbage read', text, transactions: [reader] };
    }
    const { transaction: writer } = append;
    if (transactions[writer]?.call.outcome === 'fail') {
      const text = `${readText(read)}, and T${writer}, which appended ${valueText(value)}, failed`;
      return { name: 'G1a (aborted read)', text, transactions: [writer, reader] };
    }
    const torn = at === values.length - 1 ? undefined : intermediate(known, read, at);
    if (torn) return torn;
  }
  return undefined;
}

/** A value behind which stands not what its own transaction appended next. */
function intermediate(
  { appends }: Growing,
  { reader, key, values }: Read,
  at: number,
): Anomaly | undefined {
  const append = appends.get(values[at] as ValueId);
  if (append === undefined || append.isLast || append.transaction === reader) return undefined;
  const { transaction: writer, value } = append;
  const next = values[at + 1];
  if (next !== undefined && appends.get(next)?.transaction === writer) return undefined;
  const text = `T${reader} read ${key} as ${listText(values)}, which has ${valueText(value)} of T${writer} without what T${writer} appended next`;
  return { name: 'G1b (intermediate read)', text, transactions: [writer, reader] };
}

function isSame(a: readonly ValueId[], b: readonly ValueId[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
