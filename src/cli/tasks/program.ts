import type { Command, Entry, Program } from '../command.ts';
import { type Hints, telling } from '../telling.ts';
import { packageVersion } from '../version.ts';
import { globals } from './options.ts';

const hints: Hints = {
  CONFLICT: 'Nothing was done.',
  LOCK_TIMEOUT: "Another process has the writer lock; 'holdfast doctor' tells which.",
};

function entry(summary: string, load: () => Promise<Command>): Entry {
  return { summary, load: async () => telling(await load(), hints) };
}

/** `holdfast tasks`. */
export const tasksProgram: Program = {
  name: 'holdfast tasks',
  about: 'Show what processes are doing, and how far they are',
  version: () => `holdfast ${packageVersion()}`,
  globals,
  commands: {
    list: entry('List jobs', async () => (await import('./list.ts')).list),
    show: entry('Show a job and its parts', async () => (await import('./show.ts')).show),
    watch: entry('Show jobs as they go', async () => (await import('./watch.ts')).watch),
    tail: entry('Print what happened, and what happens', async () => {
      return (await import('./tail.ts')).tail;
    }),
    serve: entry('Show jobs in a browser, as they go', async () => {
      return (await import('./serve.ts')).serve;
    }),
    run: entry('Run a command as a job', async () => (await import('./run.ts')).run),
    cancel: entry('Ask for the end of a job', async () => (await import('./cancel.ts')).cancel),
    remove: entry('Remove a job', async () => (await import('./remove.ts')).remove),
    purge: entry(
      'Remove all jobs of a user from a database',
      async () => (await import('./purge.ts')).purge,
    ),
    prune: entry('Remove jobs that ended long ago', async () => {
      return (await import('./purge.ts')).prune;
    }),
    log: entry('Print what jobs said', async () => (await import('./log.ts')).log),
    databases: entry('List databases', async () => (await import('./databases.ts')).databases),
    limit: entry('Show or set how much memory jobs may reserve', async () => {
      return (await import('./limit.ts')).limit;
    }),
  },
  details: 'Exit status: 0 done, 1 negative answer or failure, 2 lock timeout or wrong usage.',
};
