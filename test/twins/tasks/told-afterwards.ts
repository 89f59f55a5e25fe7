import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectJob,
  SubjectRegistration,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { HonestTasks, type JobRow } from './honest.ts';

/** Tells of a registration when it has been made: of its removal others may have told before. */
class ToldAfterwards extends HonestTasks {
  #untold: [string, JobRow] | undefined;

  override async register(job: string, options?: SubjectRegistration): Promise<SubjectJob> {
    const registered = await super.register(job, options);
    const untold = this.#untold;
    await pause(1);
    if (untold) this.transaction(() => super.tell(...untold));
    return registered;
  }

  protected override tell(kind: string, row: JobRow): void {
    if (kind === 'stored' || kind === 'replaced') this.#untold = [kind, row];
    else super.tell(kind, row);
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new ToldAfterwards(setup);
}
