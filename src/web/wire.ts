import type { LogLine } from '../tasks/calls.ts';
import type { ProgressEvent, TaskEvent } from '../tasks/model/event.ts';
import type { JobTree, OwnerRecord } from '../tasks/model/record.ts';

/** Task, absolute progress, `taskSeq`, and what it says, if that is something. */
export type WireMovement = readonly [
  task: number,
  progress: number,
  taskSeq: number,
  message?: string,
];

/** Progress of one job: `seq`, `at` and `jobId` of the event, and what moved. */
export type WireProgress = readonly [
  seq: number,
  at: number,
  jobId: number,
  movements: readonly WireMovement[],
];

export type WireEvent = Exclude<TaskEvent, ProgressEvent> | WireProgress;

/** What an owner's process is like now. */
export interface OwnerState extends OwnerRecord {
  /** Memory that it has in RAM; null where that cannot be seen. */
  readonly residentBytes: number | null;
}

/** Data of an SSE event `snapshot`: a part of all there is. What a page had goes with the first. */
export interface SnapshotPart {
  readonly isFirst: boolean;
  /** Only the last has an SSE id, so that nobody goes on behind half a snapshot. */
  readonly isLast: boolean;
  /** Whether events that this reader has not seen were compacted. */
  readonly isReset: boolean;
  readonly seq: number;
  readonly jobs: readonly JobTree[];
  readonly owners: readonly OwnerRecord[];
}

/** Data of an SSE event `failure`: why the stream ends. */
export interface Failure {
  readonly message: string;
}

/** Answer of `/api/history`: what there was before an event, oldest first. */
export interface History {
  readonly events: readonly WireEvent[];
  readonly log: readonly LogLine[];
}

/** Body of `/api/cancel`. */
export interface CancelRequest {
  readonly database: string;
  readonly user: string;
  readonly job: string;
}

/** Body of `/api/durations`. Its answer has one array of ms for each path. */
export interface DurationsRequest {
  readonly database: string;
  readonly paths: readonly string[];
}

/**
 * Events as they are sent. Progress of one job between two changes of another kind is one entry with
 * the last value of each task: values are absolute, so nothing is lost by it.
 */
export function wireEvents(events: readonly TaskEvent[]): readonly WireEvent[] {
  const sent: WireEvent[] = [];
  let open = new Map<number, { place: number; movements: Map<number, WireMovement> }>();
  for (const event of events) {
    if (event.kind !== 'progress') {
      open = new Map();
      sent.push(event);
      continue;
    }
    const { seq, at, jobId } = event;
    const entry = open.get(jobId) ?? { place: sent.length, movements: new Map() };
    open.set(jobId, entry);
    for (const { task, progress, taskSeq, message } of event.movements) {
      const moved: WireMovement =
        message === null ? [task, progress, taskSeq] : [task, progress, taskSeq, message];
      entry.movements.set(task, moved);
    }
    sent[entry.place] = [seq, at, jobId, [...entry.movements.values()]];
  }
  return sent;
}
