import type { Call } from './call.ts';
import { Interner } from './intern.ts';
import type { Shortcut } from './shortcut.ts';

/** A value's way through the queue. */
interface Passage {
  enqueue: Call | undefined;
  dequeue: Call | undefined;
}

/**
 * Whether calls on a queue are linearizable, where no value is enqueued twice. They are unless a
 * value comes out that never went in or comes out twice, comes out before it went in, overtakes one
 * that went in earlier, or a dequeue finds nothing although something was there all the time
 * (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", 2013).
 */
export function checkQueueOrder(calls: readonly Call[]): Shortcut | undefined {
  const unknown = calls.filter(({ f, outcome }) => f === 'dequeue' && outcome === 'info');
  const empties = calls.filter(
    ({ f, outcome, output }) => f === 'dequeue' && outcome === 'ok' && (output ?? null) === null,
  );
  // Which values were gone by then depends on what the dequeues took whose answers nobody saw.
  if (unknown.length > 0 && empties.length > 0) return undefined;
  const passages = passagesOf(calls);
  if (passages === undefined || 'isLegal' in passages) return passages;
  // An enqueue of unknown outcome happened if its value came out, else need not have.
  const certain = passages.filter((one) => one.dequeue || one.enqueue?.outcome === 'ok');
  return (
    fresh(certain) ??
    overtaken(certain.filter((one) => one.dequeue)) ??
    leftBehind(certain, unknown) ??
    wronglyEmpty(empties, certain) ?? { isLegal: true }
  );
}

function passagesOf(calls: readonly Call[]): Passage[] | Shortcut | undefined {
  const values = new Interner();
  const passages: Passage[] = [];
  const passageOf = (value: unknown): Passage => {
    const id = values.of(value);
    const passage = passages[id] ?? { enqueue: undefined, dequeue: undefined };
    passages[id] = passage;
    return passage;
  };
  for (const call of calls.filter(({ f }) => f === 'enqueue')) {
    const passage = passageOf(call.input);
    if (passage.enqueue !== undefined || (call.input ?? null) === null) return undefined;
    passage.enqueue = call;
  }
  for (const call of calls.filter(({ f }) => f === 'dequeue')) {
    if ((call.output ?? null) === null) continue;
    const passage = passageOf(call.output);
    if (passage.dequeue !== undefined) {
      const found = [passage.enqueue, passage.dequeue, call].filter((one) => one !== undefined);
      return broken(`${text(call.output)} came out twice, and was put in once at most`, found);
    }
    passage.dequeue = call;
  }
  return passages;
}

function fresh(passages: readonly Passage[]): Shortcut | undefined {
  for (const { enqueue, dequeue } of passages) {
    if (dequeue === undefined) continue;
    const value = text(dequeue.output);
    if (enqueue === undefined) return broken(`${value} came out, and nobody put it in`, [dequeue]);
    if (dequeue.end < enqueue.begin) {
      return broken(`${value} came out before anybody began to put it in`, [dequeue, enqueue]);
    }
  }
  return undefined;
}

/**
 * Two values of which the first went in before the second, which came out before the first. Taken
 * by the end of their enqueues, the one to fear is that whose dequeue begins last.
 */
function overtaken(passages: readonly Passage[]): Shortcut | undefined {
  const byEnd = passages.toSorted((a, b) => endOf(a) - endOf(b));
  const byBegin = passages.toSorted((a, b) => beginOf(a) - beginOf(b));
  const takenFrom = ({ dequeue }: Passage) => dequeue?.begin ?? 0;
  let at = 0;
  let latest: Passage | undefined;
  for (const second of byBegin) {
    for (; at < byEnd.length && endOf(byEnd[at]) < beginOf(second); at += 1) {
      const first = byEnd[at] as Passage;
      if (latest === undefined || takenFrom(first) > takenFrom(latest)) latest = first;
    }
    if (latest === undefined || (second.dequeue?.end ?? 0) >= takenFrom(latest)) continue;
    return passedBy(latest, second, 'first');
  }
  return undefined;
}

/**
 * Values that never came out although one came out that went in later: each must have been taken
 * by a dequeue whose answer nobody saw, and that had begun by then.
 */
function leftBehind(passages: readonly Passage[], unknown: readonly Call[]): Shortcut | undefined {
  const after = passages.filter(({ dequeue }) => dequeue).sort((a, b) => beginOf(b) - beginOf(a));
  const left = passages
    .filter(({ dequeue }) => dequeue === undefined)
    .sort((a, b) => endOf(b) - endOf(a));
  const overdue: { readonly passage: Passage; readonly by: Passage; readonly limit: number }[] = [];
  let at = 0;
  let earliest: Passage | undefined;
  for (const passage of left) {
    for (; at < after.length && beginOf(after[at]) > endOf(passage); at += 1) {
      const later = after[at] as Passage;
      if ((later.dequeue?.end ?? 0) < (earliest?.dequeue?.end ?? Number.POSITIVE_INFINITY)) {
        earliest = later;
      }
    }
    if (earliest) overdue.push({ passage, by: earliest, limit: earliest.dequeue?.end ?? 0 });
  }
  overdue.sort((a, b) => a.limit - b.limit);
  for (const [index, { passage, by, limit }] of overdue.entries()) {
    const taker = unknown[index];
    if (taker !== undefined && taker.begin < limit) continue;
    const found = passedBy(passage, by, `while ${text(passage.enqueue?.input)} never did`);
    // The dequeues that nobody saw the answer of may have taken the others, and have to be shown.
    const others = overdue
      .slice(0, index)
      .flatMap((one) => [one.passage.enqueue, one.by.enqueue, one.by.dequeue])
      .filter((one) => one !== undefined);
    return {
      ...found,
      calls: [...new Set([...others, ...unknown.slice(0, index), ...found.calls])],
    };
  }
  return undefined;
}

function endOf(passage: Passage | undefined): number {
  return passage?.enqueue?.end ?? 0;
}

function beginOf(passage: Passage | undefined): number {
  return passage?.enqueue?.begin ?? 0;
}

function passedBy(first: Passage, second: Passage, how: string): Shortcut & { isLegal: false } {
  const [a, b] = [text(first.enqueue?.input), text(second.enqueue?.input)];
  const evidence = [first.enqueue, second.enqueue, second.dequeue, first.dequeue];
  return broken(
    `${a} was put in before ${b}, and ${b} came out ${how}`,
    evidence.filter((one) => one !== undefined),
  );
}

/** A dequeue that found nothing while, at every moment of it, some value was certainly there. */
function wronglyEmpty(
  empties: readonly Call[],
  passages: readonly Passage[],
): Shortcut | undefined {
  if (empties.length === 0) return undefined;
  // From the end of its enqueue to the begin of its dequeue a value is certainly there.
  const stays = passages
    .map((passage) => ({
      passage,
      from: passage.enqueue?.end ?? 0,
      to: passage.dequeue?.begin ?? Number.POSITIVE_INFINITY,
    }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  for (const empty of empties) {
    const cover = coverOf(stays, empty);
    if (cover === undefined) continue;
    const evidence = cover.flatMap(({ passage: { enqueue, dequeue } }) => [enqueue, dequeue]);
    const values = cover.map(({ passage }) => text(passage.enqueue?.input)).join(', then ');
    return broken(`a dequeue found nothing while ${values} was there`, [
      ...evidence.filter((one) => one !== undefined),
      empty,
    ]);
  }
  return undefined;
}

interface Stay {
  readonly passage: Passage;
  readonly from: number;
  readonly to: number;
}

/** Stays, by `from`, that together cover every moment from the begin of a call to its end. */
function coverOf(stays: readonly Stay[], { begin, end }: Call): readonly Stay[] | undefined {
  const cover: Stay[] = [];
  let covered = begin;
  let at = 0;
  let furthest: Stay | undefined;
  while (covered < end) {
    for (; at < stays.length && (stays[at] as Stay).from <= covered; at += 1) {
      const stay = stays[at] as Stay;
      if (furthest === undefined || stay.to > furthest.to) furthest = stay;
    }
    if (furthest === undefined || furthest.to <= covered) return undefined;
    cover.push(furthest);
    covered = furthest.to;
  }
  return cover;
}

function broken(reason: string, calls: readonly Call[]): Shortcut & { isLegal: false } {
  return { isLegal: false, reason, calls: [...calls].sort((a, b) => a.begin - b.begin) };
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
