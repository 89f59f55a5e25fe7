import type { Command } from '../command.ts';
import { jsonText } from '../text.ts';
import { estimatesOf } from './eta.ts';
import { jobNamed, withTasks } from './open.ts';
import { jobArgument, type TasksCall } from './options.ts';
import { showRow, showText } from './show-text.ts';

export const show: Command = {
  options: {},
  args: [jobArgument],
  async run(call: TasksCall) {
    const { item, estimates, now } = await withTasks(call, async (tasks) => {
      const item = await jobNamed(tasks, call);
      const now = Date.now();
      return { item, now, estimates: await estimatesOf(tasks, [item], now) };
    });
    if (call.options.json) call.out(jsonText(showRow(item, estimates, now)));
    else call.out(showText(item, estimates, now));
    return 0;
  },
};
