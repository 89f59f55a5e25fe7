import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { withTasks } from './open.ts';
import type { TasksCall } from './options.ts';

const options = {
  force: {
    type: 'flag',
    help: 'Also those that have not ended; commands that run as jobs are ended',
  },
} as const satisfies OptionTable;

export const purge: Command = {
  options,
  details: 'Removes nothing where a job has not ended, unless it is forced.',
  async run(call: TasksCall<typeof options>) {
    const { force, 'all-users': allUsers, json } = call.options;
    const removed = await withTasks(call, (tasks) => tasks.purge({ force, allUsers }));
    call.out(json ? jsonText({ removed }) : removedText(removed));
    return 0;
  },
};

export const prune: Command = {
  options: {},
  details: 'What has not ended stays, and so does what ended a short while ago.',
  async run(call: TasksCall) {
    const removed = await withTasks(call, (tasks) => tasks.prune());
    call.out(call.options.json ? jsonText({ removed }) : removedText(removed));
    return 0;
  },
};

function removedText(count: number): string {
  return `${count} ${count === 1 ? 'job was' : 'jobs were'} removed.\n`;
}
