import type { Command } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { withTasks } from './open.ts';
import type { TasksCall } from './options.ts';
import { tableText } from './table.ts';

export const databases: Command = {
  options: {},
  async run(call: TasksCall) {
    const found = await withTasks(call, (tasks) => tasks.databases());
    const rows = found.map(({ name, display, jobs, active }) => ({ name, display, jobs, active }));
    if (call.options.json) call.out(jsonText(rows));
    else {
      const cells = rows.map(({ display, jobs, active }) => [
        ...[plainText(display), `${jobs}`, `${active}`],
      ]);
      call.out(tableText(['DATABASE', 'JOBS', 'ACTIVE'], cells));
    }
    return 0;
  },
};
