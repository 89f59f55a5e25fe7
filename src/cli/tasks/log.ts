import type { LogLine } from '../../tasks.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { timeText } from '../time.ts';
import { localTime } from './local-time.ts';
import { filterOf, withTasks } from './open.ts';
import { databasesOption, type TasksCall } from './options.ts';
import { tableText } from './table.ts';

const LINES_MAX = 10_000;
const LINES = 100;

const options = {
  job: { type: 'text', value: 'JOB', help: 'Only what this job said' },
  lines: {
    ...{ type: 'integer', value: 'N', short: 'n', min: 1, max: LINES_MAX },
    help: `How many of the last lines; ${LINES} by default`,
  },
  ...databasesOption,
} as const satisfies OptionTable;

export const log: Command = {
  options,
  async run(call: TasksCall<typeof options>) {
    const { job, lines = LINES, json } = call.options;
    const found = await withTasks(call, (tasks) => {
      return tasks.log({ ...filterOf(call), job, limit: lines });
    });
    call.out(json ? jsonText(found.map(rowOf)) : tableText(HEAD, found.map(cellsOf)));
    return 0;
  },
};

const HEAD = ['TIME', 'USER', 'JOB', 'TASK', 'LEVEL', 'MESSAGE'];

function cellsOf({ at, user, job, path, level, message }: LogLine): readonly string[] {
  return [localTime(at), user, job, path, level, message].map(plainText);
}

function rowOf({ at, user, job, task, path, level, message }: LogLine) {
  return { at: timeText(at), user, job, task, path, level, message };
}
