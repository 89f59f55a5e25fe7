import type { Call } from './call.ts';
import { Interner } from './intern.ts';
import type { Shortcut } from './shortcut.ts';

/**
 * Whether adds and reads of a set that only grows are linearizable, where no element is added twice,
 * in n log n. Each read says of every add whether it came before or after. So the reads, which must
 * each hold the one before, give every call a level, and no call may come after one of a higher
 * level has ended.
 */
export function checkLevels(calls: readonly Call[]): Shortcut | undefined {
  const elements = new Interner();
  const adds = new Map<number, Call>();
  for (const call of calls) {
    if (call.f !== 'add') continue;
    const element = elements.of(call.input);
    if (adds.has(element)) return undefined;
    adds.set(element, call);
  }
  const reads = calls
    .filter((call) => call.f === 'read' && call.outcome === 'ok')
    .map((call) => ({ call, members: membersOf(call, elements) }))
    .sort((a, b) => a.members.size - b.members.size);
  const levels = new Map<Call, number>();
  /** The level at which an element is first seen. */
  const seenAt = new Map<number, number>();
  let level = 0;
  let last: (typeof reads)[number] | undefined;
  for (const read of reads) {
    for (const element of read.members) {
      if (adds.has(element)) continue;
      const value = JSON.stringify(memberOf(read.call, element, elements));
      return broken(`${value} was read, and nobody ever added it`, [read.call]);
    }
    if (last !== undefined && read.members.size > last.members.size) level += 1;
    if (last !== undefined) {
      const missing = [...last.members].find((element) => !read.members.has(element));
      if (missing !== undefined) {
        const value = JSON.stringify(memberOf(last.call, missing, elements));
        const reason = `two reads each lack what the other has seen: ${value} is in one, and not in the other that has at least as many`;
        return broken(reason, [last.call, read.call]);
      }
    }
    // Reads stand between the adds that they have seen and those that they have not.
    levels.set(read.call, 2 * level + 1);
    for (const element of read.members) if (!seenAt.has(element)) seenAt.set(element, 2 * level);
    last = read;
  }
  for (const [element, add] of adds) {
    const seen = seenAt.get(element);
    if (seen !== undefined) levels.set(add, seen);
    else if (add.outcome === 'ok') levels.set(add, 2 * level + 2);
  }
  return inversion(levels);
}

/** A call that began after one of a higher level had ended. */
function inversion(levels: ReadonlyMap<Call, number>): Shortcut {
  const begins = [...levels].sort(([a], [b]) => a.begin - b.begin);
  const ends = [...levels].sort(([a], [b]) => a.end - b.end);
  let at = 0;
  let highest = -1;
  let highestCall: Call | undefined;
  for (const [call, level] of begins) {
    for (; at < ends.length; at += 1) {
      const [ended, itsLevel] = ends[at] as [Call, number];
      if (ended.end >= call.begin) break;
      if (itsLevel > highest) [highest, highestCall] = [itsLevel, ended];
    }
    if (level >= highest || highestCall === undefined) continue;
    return broken(reasonOf(highestCall, call), [highestCall, call]);
  }
  return { isLegal: true };
}

function reasonOf(before: Call, after: Call): string {
  const value = (call: Call) => JSON.stringify(call.input);
  if (before.f === 'add' && after.f === 'read') {
    return `a read does not have ${value(before)}, whose add had ended before the read began`;
  }
  if (before.f === 'read' && after.f === 'read') {
    return 'a read has less than one that had ended before it began';
  }
  if (before.f === 'read') {
    return `a read has ${value(after)}, or more than there was then, before its add began`;
  }
  return `${value(after)}, added after ${value(before)}, was seen before it`;
}

function broken(reason: string, calls: readonly Call[]): Shortcut {
  return { isLegal: false, reason, calls };
}

function membersOf({ output }: Call, elements: Interner): Set<number> {
  const list: readonly unknown[] = Array.isArray(output) ? output : [];
  return new Set(list.map((one) => elements.of(one)));
}

function memberOf({ output }: Call, element: number, elements: Interner): unknown {
  return (output as readonly unknown[]).find((one) => elements.of(one) === element);
}
