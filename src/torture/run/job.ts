import type { AnyDeclared } from '../declare/declaration.ts';
import type { Job } from './protocol.ts';

/** A job of one worker that is all clients. */
export function jobOf(
  options: Pick<Job, 'workload' | 'size' | 'shared' | 'seed' | 'repeat'> & {
    readonly declared: AnyDeclared;
  },
): Job {
  const { declared, ...rest } = options;
  return {
    ...rest,
    module: declared.module,
    declaration: declared.name,
    startedAt: process.hrtime.bigint(),
    clients: [0],
    clientCount: 1,
    generation: 0,
    // It has nobody to show to what is in flight.
    slots: { file: '' },
    journal: undefined,
    spins: false,
  };
}
