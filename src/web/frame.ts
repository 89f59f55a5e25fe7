import type { JobTree, TaskEvent, Update } from '../tasks.ts';
import { type Failure, type OwnerState, type SnapshotPart, wireEvents } from './wire.ts';

/** Tasks in one frame: about half a megabyte. */
const FRAME_TASKS = 2000;

/** A comment, which keeps a connection from looking dead. */
export const HEARTBEAT = ':\n\n';

/** How long a reader waits before it connects again. */
export const RETRY = 'retry: 1000\n\n';

/** What an update is on the stream: as many frames as it takes. */
export function* updateFrames(update: Update): Generator<string> {
  if (update.kind === 'events') {
    for (const events of split(update.events, weightOf)) {
      yield frame('events', wireEvents(events), events.at(-1)?.seq);
    }
    return;
  }
  const { seq, owners } = update;
  const isReset = update.kind === 'reset';
  const parts = split(update.jobs, ({ tasks }) => tasks.length);
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

function weightOf(event: TaskEvent): number {
  return 'tasks' in event ? event.tasks.length : 1;
}

/** At least one part, each of about as many tasks as a frame has. */
function split<T extends JobTree | TaskEvent>(
  items: readonly T[],
  weigh: (item: T) => number,
): readonly (readonly T[])[] {
  const parts: T[][] = [[]];
  let weight = 0;
  for (const item of items) {
    if (weight >= FRAME_TASKS) {
      parts.push([]);
      weight = 0;
    }
    parts.at(-1)?.push(item);
    weight += weigh(item);
  }
  return parts;
}
