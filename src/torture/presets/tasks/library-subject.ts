import {
  type Job,
  type JobInfo,
  JobTable,
  type JobTree,
  leaf,
  type TaskEvent,
  Tasks,
  type Update,
} from '../../../tasks.ts';
import { LOCK_TIMEOUT_MS } from '../lock-timeout.ts';
import type {
  Hear,
  SubjectEvent,
  SubjectJob,
  SubjectJobRow,
  SubjectListener,
  TasksSetup,
  TasksSubject,
} from './subject.ts';

/** The library as users import it. */
export async function openSubject({ dir }: TasksSetup): Promise<TasksSubject> {
  const tasks = await Tasks.open({ dir, lockTimeoutMs: LOCK_TIMEOUT_MS });
  const at = (database: string | undefined) =>
    database === undefined ? tasks : tasks.at(database);
  return {
    async register(job, { database, replaces = false } = {}) {
      const onConflict = replaces ? 'replace' : 'reject';
      return jobOf(await at(database).register(leaf('work'), { job, onConflict }));
    },
    async get(job) {
      const found = await tasks.get(job);
      return found && rowOf(found);
    },
    async list(database) {
      const { items, seq, counts } = await at(database).list();
      const count = Object.values(counts).reduce((sum, one) => sum + one, 0);
      return { seq, rows: items.map(rowOf), count };
    },
    remove: (job, force) => tasks.remove(job, { force }),
    requestCancel: (job) => tasks.requestCancel(job),
    async databases() {
      return (await tasks.databases()).map(({ name, jobs }) => ({ name, jobs }));
    },
    listen: (hear, { after } = {}) => listen(tasks, hear, after),
    async log() {
      const { seq } = await tasks.list();
      if (seq === 0) return [];
      const events: SubjectEvent[] = [];
      for await (const update of tasks.subscribe({ ...everything, after: 0 })) {
        if (update.kind === 'events') events.push(...update.events.flatMap(eventOf));
        if (update.seq >= seq) break;
      }
      return events;
    },
    close: () => tasks.close(),
  };
}

const everything = { allUsers: true, allDatabases: true };

function jobOf(job: Job): SubjectJob {
  return {
    generation: job.generation,
    get status() {
      return job.status;
    },
    get isAborted() {
      return job.signal.aborted;
    },
    advance: (amount) => job.root.advance(amount),
    start: () => job.start(),
    finish: () => job.finish(),
    fail: () => job.fail('as it was told'),
    cancel: () => job.cancel(),
  };
}

function listen(tasks: Tasks, hear: Hear, after: number | undefined): SubjectListener {
  let table = new JobTable();
  let seq = -1;
  let errors = 0;
  const take = (update: Update) => {
    if (update.kind === 'events') for (const event of update.events) table.apply(event);
    else table = new JobTable(update.jobs);
    seq = update.seq;
    const events = update.kind === 'events' ? update.events.flatMap(eventOf) : [];
    return hear({ kind: update.kind, seq, events });
  };
  const onError = () => {
    errors += 1;
  };
  const listener = tasks.listen(take, { ...everything, after, onError });
  return {
    get seq() {
      return seq;
    },
    get rows() {
      return table.jobs.map((tree) => rowOf(tree));
    },
    get errors() {
      return errors;
    },
    close: () => listener.close(),
  };
}

function rowOf(tree: JobTree | JobInfo): SubjectJobRow {
  const { job, tasks } = tree;
  const [task] = tasks;
  return {
    job: job.job,
    jobId: job.id,
    generation: job.generation,
    status: task?.status ?? '',
    progress: task?.progress ?? 0,
    pid: 'owner' in tree ? tree.owner.pid : 0,
    record: JSON.stringify([job, ...tasks].map((record) => Object.entries(record).sort())),
  };
}

/** One for each task that it tells of. */
function eventOf(event: TaskEvent): readonly SubjectEvent[] {
  const { kind, seq, database } = event;
  if (event.kind === 'cleared') {
    return [{ kind, seq, database, job: '', jobId: 0, task: 0, taskSeq: 0 }];
  }
  const { job, jobId } = event;
  const base = { kind, seq, database, job, jobId };
  if (event.kind === 'progress') {
    return event.movements.map(({ task, taskSeq, progress }) => ({
      ...{ ...base, task, taskSeq, progress },
    }));
  }
  const { task, taskSeq } = event;
  return [
    {
      ...{ ...base, task, taskSeq },
      generation: 'record' in event ? event.record.generation : undefined,
      former: 'former' in event ? event.former : undefined,
      progress: 'progress' in event ? event.progress : undefined,
    },
  ];
}
