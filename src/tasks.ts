export type {
  Durations,
  HistoryOptions,
  JobFilter,
  JobInfo,
  JobOptions,
  ListenOptions,
  Listing,
  ListOptions,
  LogLine,
  LogOptions,
  ProgressReport,
  PurgeOptions,
  RegisterOptions,
  RemoveOptions,
  Reservations,
  SubscribeOptions,
  Update,
} from './tasks/calls.ts';

export { type Estimate, Forecast } from './tasks/eta/forecast.ts';
export { ShownRemaining } from './tasks/eta/shown.ts';
export type { Handler, Listener } from './tasks/follow/listener.ts';
export { attach, type SharedCounter } from './tasks/live/attach.ts';
export type { Job } from './tasks/live/job.ts';
export type { TaskShare } from './tasks/live/slots.ts';
export type { FailOptions, Task } from './tasks/live/task.ts';
export { type Aggregate, aggregate } from './tasks/model/aggregate.ts';
export type { EventKind, JobEvent, Movement, TaskEvent } from './tasks/model/event.ts';
export { JobTable } from './tasks/model/fold.ts';
export {
  type GroupOptions,
  group,
  type IterativeOptions,
  iterative,
  type LeafOptions,
  leaf,
  type Plan,
} from './tasks/model/plan.ts';
export {
  type GroupMode,
  type IterationMode,
  isFinal,
  type JobRecord,
  type JobTree,
  type OwnerRecord,
  type TaskKind,
  type TaskRecord,
  type TaskStatus,
} from './tasks/model/record.ts';
export {
  PATH_SEPARATOR,
  pathOf,
  REMEMBERED_DEPTH_MAX,
  shownNames,
  type TaskTree,
  taskTree,
} from './tasks/model/tree.ts';
export type { DatabaseInfo } from './tasks/read/jobs.ts';
export type { OnMisuse } from './tasks/session.ts';
export { Tasks, type TasksOptions } from './tasks/store.ts';
export type { Retention } from './tasks/write/retain.ts';
