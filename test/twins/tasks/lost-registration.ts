import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectJob,
  SubjectRegistration,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { HonestTasks } from './honest.ts';

/** Keeps the jobs of a database as it has read them: who registers puts back what was there before. */
class LostRegistration extends HonestTasks {
  override async register(job: string, options?: SubjectRegistration): Promise<SubjectJob> {
    const known = new Set(this.rows().map(({ jobId }) => jobId));
    await pause(1);
    const registered = await super.register(job, options);
    this.transaction(() => {
      const last = this.rows().at(-1);
      for (const row of this.rows()) {
        if (row.jobId !== last?.jobId && !known.has(row.jobId)) this.drop(row);
      }
    });
    return registered;
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new LostRegistration(setup);
}
