import type { TaskRecord, TaskStatus } from '../model/record.ts';

/** What the process of a task knows of its progress, and nobody has written yet. */
export interface Seen {
  readonly progress: number;
  /** Undefined: nothing was said. */
  readonly message: string | null | undefined;
}

/** By id of task. */
export type Sightings = ReadonlyMap<number, Seen>;

/** What a transition did, for the handles of the process that asked for it. */
export interface Outcome {
  readonly changes: readonly Change[];
  readonly added: readonly TaskRecord[];
}

export interface Change {
  readonly task: number;
  readonly status: TaskStatus;
  readonly progress: number;
  readonly volume: number | null;
}
