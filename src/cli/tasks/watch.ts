import { isatty } from 'node:tty';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { JobBoard, momentNow } from './job-board.ts';
import { withTasks } from './open.ts';
import { databasesOption, type TasksCall } from './options.ts';
import { type Target, targetOf } from './target.ts';
import { watchLines } from './watch-lines.ts';
import { terminalSize, watchTerminal } from './watch-terminal.ts';
import { Watched } from './watched.ts';

const options = {
  once: { type: 'flag', help: 'Show them as they are now, and end' },
  ...databasesOption,
} as const satisfies OptionTable;

type WatchCall = TasksCall<typeof options>;

export const watch: Command = {
  options,
  args: [{ name: 'JOB', help: 'Only this job, until it ends' }],
  details: `On a terminal a tree that moves, elsewhere (and where CI is set) a line for each change of a
status and each percent of a task, or for ten seconds of one whose percents nobody knows.
Exit status with JOB: 0 when it has finished, 1 when it has ended otherwise.`,
  async run(call: WatchCall) {
    if (call.options.json) {
      throw new UsageError("watch is for people; take 'holdfast tasks tail --follow --json'");
    }
    return await withTasks(call, async (tasks) => {
      const target = await targetOf(tasks, call);
      if (call.options.once) return await watchOnce(call, target);
      return await (isTerminal(call) ? watchTerminal : watchLines)(call, target);
    });
  },
};

function isTerminal({ env }: WatchCall): boolean {
  return isatty(1) && env.TERM !== 'dumb' && !env.CI;
}

async function watchOnce(call: WatchCall, target: Target): Promise<number> {
  const { tasks, filter, isOneJob } = target;
  const watched = new Watched();
  const board = new JobBoard();
  for await (const update of tasks.subscribe({ ...filter, signal: call.signal })) {
    if (update.kind === 'events') continue;
    watched.reset(update.jobs);
    board.meet(update.owners);
    break;
  }
  const jobs = isOneJob ? watched.all : watched.active;
  await board.prepare(tasks, jobs);
  // All of it: this scrolls.
  const size = { columns: isTerminal(call) ? terminalSize().columns : Infinity, rows: Infinity };
  for (const text of board.frame(jobs, size, momentNow())) call.out(`${text}\n`);
  return 0;
}
