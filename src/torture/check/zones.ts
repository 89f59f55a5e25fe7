import type { Call } from './call.ts';
import { Interner } from './intern.ts';
import type { Shortcut } from './shortcut.ts';

/** What a register's operations are called; whatever is not a write reads. */
export interface RegisterWords {
  readonly write: string;
  readonly initially: unknown;
}

/** A written value and all that saw it. */
interface Cluster {
  readonly isInitial: boolean;
  write: Call | undefined;
  readonly reads: Call[];
  /** The first end of any of them, and the last begin. */
  firstEnd: number;
  firstToEnd: Call | undefined;
  lastBegin: number;
  lastToBegin: Call | undefined;
}

/**
 * Whether reads and writes of one register are linearizable, where no value is written twice, in
 * n log n (Gibbons and Korach, "Testing shared memories", 1997). Each value has a zone, from the
 * first end to the last begin of the calls that it occurs in. Forward zones, in which the value must
 * have been there from the one to the other, may not overlap, and none may hold a backward zone.
 */
export function checkZones(calls: readonly Call[], words: RegisterWords): Shortcut | undefined {
  const clusters = clustersOf(calls, words);
  if (clusters === undefined) return undefined;
  for (const cluster of clusters) {
    const broken = brokenCluster(cluster);
    if (broken) return broken;
  }
  const forward = clusters
    .filter(({ firstEnd, lastBegin }) => firstEnd < lastBegin)
    .sort((a, b) => a.firstEnd - b.firstEnd);
  const backward = clusters.filter(({ firstEnd, lastBegin }) => firstEnd >= lastBegin);
  return overlapping(forward) ?? enclosed(forward, backward) ?? { isLegal: true };
}

function clustersOf(
  calls: readonly Call[],
  { write, initially }: RegisterWords,
): Cluster[] | undefined {
  const values = new Interner();
  const clusters: Cluster[] = [];
  const clusterOf = (value: unknown): Cluster => {
    const id = values.of(value);
    let cluster = clusters[id];
    if (cluster === undefined) {
      cluster = {
        isInitial: clusters.length === 0,
        write: undefined,
        reads: [],
        firstEnd: Number.POSITIVE_INFINITY,
        firstToEnd: undefined,
        lastBegin: Number.NEGATIVE_INFINITY,
        lastToBegin: undefined,
      };
      clusters[id] = cluster;
    }
    return cluster;
  };
  // The value at first is written before everything.
  const initial = clusterOf(initially);
  initial.firstEnd = -1;
  initial.lastBegin = -1;
  for (const call of calls) {
    if (call.f === write) {
      const cluster = clusterOf(call.input);
      if (cluster === initial || cluster.write !== undefined) return undefined;
      cluster.write = call;
    } else if (call.outcome === 'ok') clusterOf(call.output ?? initially).reads.push(call);
  }
  const counted = clusters.filter(
    ({ write, reads }) => reads.length > 0 || write?.outcome === 'ok' || write === undefined,
  );
  for (const cluster of counted) for (const call of callsOf(cluster)) widen(cluster, call);
  return counted;
}

function callsOf({ write, reads }: Cluster): readonly Call[] {
  return write ? [write, ...reads] : reads;
}

function widen(cluster: Cluster, call: Call): void {
  if (call.end < cluster.firstEnd) {
    cluster.firstEnd = call.end;
    cluster.firstToEnd = call;
  }
  if (call.begin > cluster.lastBegin) {
    cluster.lastBegin = call.begin;
    cluster.lastToBegin = call;
  }
}

/** A value that was read before it was written, or never was. */
function brokenCluster({ write, reads, isInitial }: Cluster): Shortcut | undefined {
  const [read] = reads;
  if (read === undefined) return undefined;
  if (write === undefined) {
    if (isInitial) return undefined;
    const reason = `${JSON.stringify(read.output)} was read, and nobody ever wrote it`;
    return { isLegal: false, reason, calls: [read] };
  }
  const early = reads.find((one) => one.end < write.begin);
  if (early === undefined) return undefined;
  const reason = `${JSON.stringify(early.output)} was read before anybody began to write it`;
  return { isLegal: false, reason, calls: [early, write] };
}

function overlapping(forward: readonly Cluster[]): Shortcut | undefined {
  let last: Cluster | undefined;
  for (const cluster of forward) {
    if (last && cluster.firstEnd < last.lastBegin) {
      const [a, b] = [last, cluster].map(valueText);
      return {
        isLegal: false,
        reason: `${a} was there both before and after ${b} was, and was written once`,
        calls: evidence([last, cluster]),
      };
    }
    if (!last || cluster.lastBegin > last.lastBegin) last = cluster;
  }
  return undefined;
}

/** Forward zones do not overlap here, so the last that begins before a backward zone decides. */
function enclosed(forward: readonly Cluster[], backward: readonly Cluster[]): Shortcut | undefined {
  for (const cluster of backward) {
    const around = forward[lastBefore(forward, cluster.lastBegin)];
    if (around && cluster.firstEnd < around.lastBegin) {
      return {
        isLegal: false,
        reason: `${valueText(cluster)} came and went while ${valueText(around)}, written once, was there`,
        calls: evidence([around, cluster]),
      };
    }
  }
  return undefined;
}

/** Index of the last zone that begins before `time`. */
function lastBefore(forward: readonly Cluster[], time: number): number {
  let [low, high] = [0, forward.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((forward[middle] as Cluster).firstEnd < time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The writes, and what bounds each zone. */
function evidence(clusters: readonly Cluster[]): Call[] {
  const calls = clusters.flatMap(({ write, firstToEnd, lastToBegin }) =>
    [write, firstToEnd, lastToBegin].filter((call) => call !== undefined),
  );
  return [...new Set(calls)].sort((a, b) => a.begin - b.begin);
}

function valueText({ write }: Cluster): string {
  return write === undefined ? 'the value at first' : JSON.stringify(write.input);
}
