import type { Call, OptionTable } from '../command.ts';

/** Options that stand anywhere on the line of every `tasks` command. */
export const globals = {
  dir: {
    type: 'text',
    value: 'PATH',
    help: 'Directory of the store; $HOLDFAST_DIR or ~/.holdfast by default',
  },
  database: { type: 'text', value: 'NAME', help: "Which jobs are meant; 'default' by default" },
  user: { type: 'text', value: 'NAME', help: 'Whose jobs; those of the current user by default' },
  'all-users': { type: 'flag', help: 'Jobs of every user', conflicts: ['user'] },
  'busy-timeout': { type: 'integer', value: 'SECONDS', help: 'Longest wait for the writer lock' },
  json: { type: 'flag', help: 'Print the result as JSON' },
  help: { type: 'flag', short: 'h', help: 'Print help' },
  version: { type: 'flag', short: 'V', help: 'Print version' },
} as const satisfies OptionTable;

/** A call of a `tasks` command that has the options `O` of its own. */
export type TasksCall<O extends OptionTable = typeof globals> = Call<O & typeof globals>;

/** The argument that names a job. */
export const jobArgument = {
  name: 'JOB',
  help: 'Id of a job, or how only one begins',
  required: true,
} as const;

export const databasesOption = {
  'all-databases': { type: 'flag', help: 'Jobs of every database of the directory' },
} as const satisfies OptionTable;
