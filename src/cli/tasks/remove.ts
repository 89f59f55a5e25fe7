import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { jobNamed, withTasks } from './open.ts';
import { jobArgument, type TasksCall } from './options.ts';

const options = {
  force: { type: 'flag', help: 'Also one that has not ended; a command that runs as it is ended' },
} as const satisfies OptionTable;

export const remove: Command = {
  options,
  args: [jobArgument],
  async run(call: TasksCall<typeof options>) {
    const { force, json } = call.options;
    const { job, removed } = await withTasks(call, async (tasks) => {
      const { job } = await jobNamed(tasks, call);
      return { job: job.job, removed: await tasks.remove(job.job, { user: job.user, force }) };
    });
    if (json) call.out(jsonText({ job, removed }));
    else call.out(`Job ${plainText(job)} was ${removed ? '' : 'already '}removed.\n`);
    return 0;
  },
};
