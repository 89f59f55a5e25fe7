import type { TaskStatus } from '../../tasks.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText } from '../text.ts';
import { estimatesOf } from './eta.ts';
import { listLine, listRow, listText } from './list-text.ts';
import { filterOf, withTasks } from './open.ts';
import { databasesOption, type TasksCall } from './options.ts';

const STATUSES = [
  'pending',
  'running',
  'finished',
  'failed',
  'canceled',
  'lost',
] as const satisfies readonly TaskStatus[];

const options = {
  active: { type: 'flag', help: 'Only jobs that have not ended' },
  status: {
    type: 'text',
    value: 'STATUS,…',
    help: `Only jobs with one of these: ${STATUSES.join(', ')}`,
  },
  job: { type: 'text', value: 'JOB', help: 'Only jobs with this id' },
  ...databasesOption,
} as const satisfies OptionTable;

type ListCall = TasksCall<typeof options>;

export const list: Command = {
  options,
  details: `A job whose process has died is lost. Of one whose parts are not all known the progress is n/a;
'holdfast tasks show' shows the parts.`,
  async run(call: ListCall) {
    const { active, job, status } = call.options;
    const filter = { ...filterOf(call), active, job, status: statusesOf(status) };
    const { items, estimates, now } = await withTasks(call, async (tasks) => {
      const items = await Array.fromAsync(tasks.all(filter));
      const now = Date.now();
      return { items, now, estimates: await estimatesOf(tasks, items, now) };
    });
    const lines = items.flatMap((item) => listLine(item, estimates, now) ?? []);
    call.out(call.options.json ? jsonText(lines.map(listRow)) : listText(lines));
    return 0;
  },
};

function statusesOf(text: string | undefined): readonly TaskStatus[] | undefined {
  return text?.split(',').map((word) => {
    const found = STATUSES.find((status) => status === word.trim().toLowerCase());
    if (found !== undefined) return found;
    throw new UsageError(`'${word}' is no status: ${STATUSES.join(', ')}`);
  });
}
