import type { JobFilter, TaskEvent, Tasks, Update } from '../../tasks.ts';
import type { Command, OptionTable } from '../command.ts';
import { eventRow, eventText } from './event-text.ts';
import { filterOf, withTasks } from './open.ts';
import { databasesOption, type TasksCall } from './options.ts';
import { TaskNames } from './task-names.ts';

const EVENTS = 1000;
const EVENTS_MAX = 50_000;

const options = {
  lines: {
    ...{ type: 'integer', value: 'N', short: 'n', max: EVENTS_MAX },
    help: `How many of the last events; ${EVENTS} by default`,
  },
  follow: { type: 'flag', short: 'f', help: 'Go on as events come, until interrupted' },
  ...databasesOption,
} as const satisfies OptionTable;

type TailCall = TasksCall<typeof options>;

export const tail: Command = {
  options,
  args: [{ name: 'JOB', help: 'Only what happens to this job' }],
  details: `--json prints an object a line. Progress is taken out of the log when it is old; who then has
read less than that is told 'reset', and goes on with what there is now.`,
  async run(call: TailCall) {
    // Events outlive their jobs: nobody asks whether it is there.
    const filter = { ...filterOf(call), job: call.args[0] };
    return await withTasks(call, async (tasks) => {
      const lines = new EventLines(call, tasks, filter);
      const seq = await lines.printFormer(call.options.lines ?? EVENTS);
      if (call.options.follow) await lines.follow(seq);
      return 0;
    });
  },
};

class EventLines {
  readonly #call: TailCall;
  readonly #tasks: Tasks;
  readonly #filter: JobFilter;
  readonly #names = new TaskNames();

  constructor(call: TailCall, tasks: Tasks, filter: JobFilter) {
    this.#call = call;
    this.#tasks = tasks;
    this.#filter = filter;
  }

  /** Answers the number of the last event that is told of here. */
  async printFormer(limit: number): Promise<number> {
    const [tasks, filter] = [this.#tasks, this.#filter];
    let seq = 0;
    let cursor: string | undefined;
    do {
      const page = await tasks.list({ ...filter, cursor });
      // What comes after the first page was read is in the events.
      if (cursor === undefined) seq = page.seq;
      for (const { job, tasks } of page.items) this.#names.learn(job.id, tasks);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const events = limit === 0 ? [] : await tasks.history({ ...filter, limit });
    for (const event of events) this.#event(event);
    return limit === 0 ? seq : Math.max(seq, events.at(-1)?.seq ?? 0);
  }

  /** Until nobody reads it any more. */
  async follow(after: number): Promise<void> {
    const { signal } = this.#call;
    if (!(await this.#call.flush())) return;
    for await (const update of this.#tasks.subscribe({ ...this.#filter, after, signal })) {
      this.#print(update);
      if (!(await this.#call.flush())) return;
    }
    signal.throwIfAborted();
  }

  #print(update: Update): void {
    if (update.kind === 'events') {
      for (const event of update.events) this.#event(event);
      return;
    }
    for (const { job, tasks } of update.jobs) this.#names.learn(job.id, tasks);
    const { kind, seq } = update;
    if (this.#call.options.json) this.#call.out(`${JSON.stringify({ kind, seq })}\n`);
    else this.#call.out(`${seq}  ${kind}: events before this one are gone\n`);
  }

  #event(event: TaskEvent): void {
    if ('tasks' in event) this.#names.learn(event.jobId, event.tasks);
    const text = this.#call.options.json
      ? JSON.stringify(eventRow(event))
      : eventText(event, this.#names);
    this.#call.out(`${text}\n`);
    if (event.kind === 'removed') this.#names.forget(event.jobId);
    else if (event.kind === 'replaced') this.#names.forget(event.former);
  }
}
