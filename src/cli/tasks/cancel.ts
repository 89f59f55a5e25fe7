import type { Command } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { jobNamed, withTasks } from './open.ts';
import { jobArgument, type TasksCall } from './options.ts';

export const cancel: Command = {
  options: {},
  args: [jobArgument],
  details: `The process that runs the job is asked, and decides; 'holdfast tasks run' ends its command.
Exit status: 1 when the job has ended.`,
  async run(call: TasksCall) {
    const { job, isRequested } = await withTasks(call, async (tasks) => {
      const { job } = await jobNamed(tasks, call);
      return { job: job.job, isRequested: await tasks.requestCancel(job.job, { user: job.user }) };
    });
    if (call.options.json) call.out(jsonText({ job, cancel_requested: isRequested }));
    else if (isRequested) call.out(`Job ${plainText(job)} was asked to end.\n`);
    else call.out(`Job ${plainText(job)} has ended already.\n`);
    return isRequested ? 0 : 1;
  },
};
