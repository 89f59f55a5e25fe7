import type { Transaction } from './transaction.ts';
import { type Append, listText, type Versions } from './versions.ts';

/** Why one transaction must come before another; each kind is a bit. */
export const WW = 1;
export const WR = 2;
export const RW = 4;
export const REAL_TIME = 8;

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  /** Said when it is asked for: most edges are in no cycle. */
  readonly because: () => string;
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
  const add = (from: number | undefined, to: number, kind: number, because: () => string) => {
    if (from !== undefined && from !== to) edges.push({ from, to, kind, because });
  };
  const unseen = new Map<string, readonly Append[]>();
  for (const [key, found] of versions) {
    const { order, appends } = found;
    const afterAll = unseenOf(transactions, found);
    unseen.set(key, afterAll);
    const writerOf = (value: string | undefined) =>
      value === undefined ? undefined : appends.get(value)?.transaction;
    for (const [at, value] of order.entries()) {
      const [before, from, to] = [order[at - 1], writerOf(order[at - 1]), writerOf(value) ?? 0];
      add(
        from,
        to,
        WW,
        () => `T${from} appended ${before} to ${key} right before T${to}'s ${value}`,
      );
    }
    const last = order.at(-1);
    const lastWriter = writerOf(last);
    for (const { value, transaction } of afterAll) {
      const because = () =>
        `T${lastWriter}'s append of ${last} to ${key} was read when T${transaction}'s ${value} was not yet there`;
      add(lastWriter, transaction, WW, because);
    }
  }
  for (const [index, transaction] of transactions.entries()) {
    for (const edge of readEdges(index, transaction, versions, unseen)) edges.push(edge);
  }
  if (withRealTime) addRealTime(transactions, edges);
  return edges;
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

function* readEdges(
  reader: number,
  { steps, call }: Transaction,
  versions: ReadonlyMap<string, Versions>,
  unseen: ReadonlyMap<string, readonly Append[]>,
): Generator<Edge> {
  if (call.outcome !== 'ok') return;
  const own = new Set(
    steps.flatMap((one) => (one.kind === 'append' ? [`${one.key}\0${one.value}`] : [])),
  );
  for (const step of steps) {
    if (step.kind !== 'read' || step.values === undefined) continue;
    const { key, values } = step;
    const found = versions.get(key);
    if (found === undefined) continue;
    // Its own appends it would see in any order.
    const foreign = values.filter((value) => !own.has(`${key}\0${value}`));
    const last = foreign.at(-1);
    const writer = last === undefined ? undefined : found.appends.get(last)?.transaction;
    if (writer !== undefined && writer !== reader) {
      const because = () => `T${reader} read ${last}, which T${writer} appended to ${key}`;
      yield { from: writer, to: reader, kind: WR, because };
    }
    const next = found.order[foreign.length];
    const nextAppend = next === undefined ? undefined : found.appends.get(next);
    const nextOnes = nextAppend ? [nextAppend] : (unseen.get(key) ?? []);
    for (const { value, transaction } of nextOnes) {
      if (transaction === reader) continue;
      const because = () =>
        `T${reader} read ${key} as ${listText(values)}, without T${transaction}'s ${value}`;
      yield { from: reader, to: transaction, kind: RW, because };
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
      const because = () => `T${from} had ended before T${to} began`;
      edges.push({ from, to, kind: REAL_TIME, because });
    }
  }
}
