import { listText, type Transaction, type ValueId, valueText } from './transaction.ts';
import type { Append, Versions } from './versions.ts';

/** Why one transaction must come before another; each kind is a bit. */
export const WW = 1;
export const WR = 2;
export const RW = 4;
export const REAL_TIME = 8;

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly key: string;
  /** What `from` appended or read, and what `to` appended. Most edges are in no cycle, so no text. */
  readonly seen: readonly ValueId[] | ValueId | undefined;
  readonly value: ValueId | undefined;
}

/** Why `from` must come before `to`, in a sentence. */
export function edgeText({ from, to, kind, key, seen, value }: Edge): string {
  const text = (id: typeof seen) => (typeof id === 'object' ? listText(id) : valueText(id));
  if (kind === WR) return `T${to} read ${text(seen)}, which T${from} appended to ${key}`;
  if (kind === RW) return `T${from} read ${key} as ${text(seen)}, without T${to}'s ${text(value)}`;
  if (kind === WW)
    return `T${from} appended ${text(seen)} to ${key} before T${to}'s ${text(value)}`;
  return `T${from} had ended before T${to} began`;
}

/**
 * Which transactions must come before which: `ww` appended the version before, `wr` appended what
 * the other read, `rw` read what came before the other's append, and, in real time, ended before the
 * other began.
 */
export function edgesOf(
  transactions: readonly Transaction[],
  versions: ReadonlyMap<string, Versions>,
  withRealTime: boolean,
): Edge[] {
  const edges: Edge[] = [];
  const unseen = new Map<string, readonly Append[]>();
  for (const [key, found] of versions) {
    const { order, appends } = found;
    let before: Append | undefined;
    for (const value of order) {
      const append = appends.get(value);
      if (before && append) addWrite(edges, key, before, append);
      before = append;
    }
    const afterAll = unseenOf(transactions, found);
    unseen.set(key, afterAll);
    if (before) for (const append of afterAll) addWrite(edges, key, before, append);
  }
  for (const [index, transaction] of transactions.entries()) {
    addReads(edges, index, transaction, versions, unseen);
  }
  if (withRealTime) addRealTime(transactions, edges);
  return edges;
}

function addWrite(edges: Edge[], key: string, before: Append, after: Append): void {
  const [from, to] = [before.transaction, after.transaction];
  if (from !== to) edges.push({ from, to, kind: WW, key, seen: before.value, value: after.value });
}

/** Appends that happened and that no read shows: they come after all that was ever read. */
function unseenOf(
  transactions: readonly Transaction[],
  { order, appends }: Versions,
): readonly Append[] {
  const seen = new Set(order);
  return [...appends.values()].filter(
    ({ value, transaction }) =>
      !seen.has(value) && transactions[transaction]?.call.outcome === 'ok',
  );
}

function addReads(
  edges: Edge[],
  reader: number,
  { steps, call }: Transaction,
  versions: ReadonlyMap<string, Versions>,
  unseen: ReadonlyMap<string, readonly Append[]>,
): void {
  if (call.outcome !== 'ok') return;
  const own = new Map<string, number>();
  for (const step of steps) {
    const { key } = step;
    if (step.kind === 'append') own.set(key, (own.get(key) ?? 0) + 1);
    const found = versions.get(key);
    if (step.kind === 'append' || step.values === undefined || found === undefined) continue;
    const { values } = step;
    // Its own appends, which are the last, it would see in any order.
    const foreign = values.length - (own.get(key) ?? 0);
    const last = values[foreign - 1];
    const writer = last === undefined ? undefined : found.appends.get(last)?.transaction;
    if (writer !== undefined && writer !== reader) {
      edges.push({ from: writer, to: reader, kind: WR, key, seen: last, value: undefined });
    }
    const next = found.order[foreign];
    const nextAppend = next === undefined ? undefined : found.appends.get(next);
    for (const { value, transaction } of nextAppend ? [nextAppend] : (unseen.get(key) ?? [])) {
      if (transaction === reader) continue;
      edges.push({ from: reader, to: transaction, kind: RW, key, seen: values, value });
    }
  }
}

/** Only from those that nobody came after who ended as well: the rest follows from them. */
function addRealTime(transactions: readonly Transaction[], edges: Edge[]): void {
  const events = transactions.flatMap(({ call }, index) => [
    { index, at: call.begin, ends: false },
    ...(call.outcome === 'ok' ? [{ index, at: call.end, ends: true }] : []),
  ]);
  events.sort((a, b) => a.at - b.at);
  let frontier: number[] = [];
  const before = new Map<number, readonly number[]>();
  for (const { index, ends } of events) {
    if (!ends) {
      before.set(index, frontier);
      continue;
    }
    const passed = new Set(before.get(index));
    frontier = [...frontier.filter((one) => !passed.has(one)), index];
  }
  for (const [to, ended] of before) {
    for (const from of ended) {
      edges.push({ from, to, kind: REAL_TIME, key: '', seen: undefined, value: undefined });
    }
  }
}
