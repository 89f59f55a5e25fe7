import type { Broken } from '../../declare/declaration.ts';
import type { SubjectEvent } from './subject.ts';

type Log = readonly SubjectEvent[];

const ENDS: ReadonlySet<string> = new Set(['finished', 'failed', 'canceled', 'lost']);

/** Numbers that are missing, come twice or go back. */
export function gaps(log: Log): Broken[] {
  const found: Broken[] = [];
  let before = 0;
  for (const { seq } of log) {
    // What moved in one flush is one event.
    if (seq !== before && seq !== before + 1) {
      found.push({ message: `event ${seq} comes after ${before}` });
    }
    before = seq;
  }
  return found;
}

/** Tasks whose own events are not numbered 1, 2, 3, … */
export function taskGaps(log: Log): Broken[] {
  return [...byTask(log)].flatMap(([task, events]): Broken[] => {
    const at = events.findIndex(({ taskSeq }, index) => taskSeq !== index + 1);
    const odd = events[at];
    if (odd === undefined) return [];
    return [
      { message: `event ${odd.seq} of task ${task} is its ${at + 1}th and has ${odd.taskSeq}` },
    ];
  });
}

/** Jobs of which something was told before they were there, or after they were gone. */
export function outOfTurn(log: Log): Broken[] {
  const replaced = new Map(
    log.flatMap(({ former, seq }) => (former ? [[former, seq] as const] : [])),
  );
  return [...Map.groupBy(log, ({ jobId }) => jobId)].flatMap(([jobId, events]): Broken[] => {
    const [first] = events;
    const isBegun = (one: SubjectEvent) => one.kind === 'stored' || one.kind === 'replaced';
    const again = events.slice(1).find(isBegun);
    const end = events.find(({ kind }) => kind === 'removed')?.seq ?? replaced.get(jobId);
    const late = end === undefined ? undefined : events.find(({ seq }) => seq > end);
    const found: string[] = [];
    if (first && !isBegun(first)) found.push(`${textOf(first)} is told before it was stored`);
    if (again) found.push(`${textOf(again)} is told again`);
    if (late) found.push(`${textOf(late)} is told after it had gone in event ${end}`);
    return found.map((message) => ({ message }));
  });
}

/** Tasks that were told to have ended more than once. */
export function endedTwice(log: Log): Broken[] {
  const ends = log.filter(({ kind }) => ENDS.has(kind));
  return [...byTask(ends)]
    .filter(([, events]) => events.length > 1)
    .map(([, events]) => ({
      message: events.map(textOf).join(', then '),
    }));
}

/** Progress that was less than before. */
export function goneBack(log: Log): Broken[] {
  return [...byTask(log)].flatMap(([task, events]): Broken[] => {
    let most = 0;
    for (const { seq, progress = most } of events) {
      if (progress < most) {
        return [
          { message: `task ${task} has come to ${most}, and to ${progress} in event ${seq}` },
        ];
      }
      most = progress;
    }
    return [];
  });
}

export function isEnd({ kind }: SubjectEvent): boolean {
  return ENDS.has(kind);
}

function byTask(log: Log): Map<number, SubjectEvent[]> {
  return Map.groupBy(log, ({ task }) => task);
}

function textOf({ job, jobId, kind, seq }: SubjectEvent): string {
  return `${job} (${jobId}) ${kind} in event ${seq}`;
}
