import type { JobTree, Update } from '../tasks.ts';
import { type Failure, type OwnerState, type SnapshotPart, wireEvents } from './wire.ts';

/** Tasks in one part of a snapshot: about half a megabyte. */
const PART_TASKS = 2000;

/** A comment, which keeps a connection from looking dead. */
export const HEARTBEAT = ':\n\n';

/** How long a reader waits before it connects again. */
export const RETRY = 'retry: 1000\n\n';

/** What an update is on the stream: as many frames as it takes. */
export function* updateFrames(update: Update): Generator<string> {
  if (update.kind === 'events') {
    yield frame('events', wireEvents(update.events), update.seq);
    return;
  }
  const { seq, owners } = update;
  const isReset = update.kind === 'reset';
  const parts = partsOf(update.jobs);
  for (const [index, jobs] of parts.entries()) {
    const [isFirst, isLast] = [index === 0, index === parts.length - 1];
    const part: SnapshotPart = {
      isFirst,
      isLast,
      isReset,
      seq,
      jobs,
      owners: isFirst ? owners : [],
    };
    yield frame('snapshot', part, isLast ? seq : undefined);
  }
}

export function ownersFrame(owners: readonly OwnerState[]): string {
  return frame('owners', owners);
}

export function failureFrame(failure: Failure): string {
  return frame('failure', failure);
}

/** JSON has no line breaks of its own, so data is one line. */
function frame(event: string, data: unknown, id?: number): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** At least one, of whole jobs. */
function partsOf(jobs: readonly JobTree[]): readonly (readonly JobTree[])[] {
  const parts: JobTree[][] = [[]];
  let tasks = 0;
  for (const job of jobs) {
    if (tasks >= PART_TASKS) {
      parts.push([]);
      tasks = 0;
    }
    parts.at(-1)?.push(job);
    tasks += job.tasks.length;
  }
  return parts;
}
