import type { TasksSetup, TasksSubject } from '../../../src/torture.ts';
import { type HonestJob, HonestTasks, type JobRow } from './honest.ts';

/** A handle is good for whatever has the id: who was replaced goes on in the place of the other. */
class UnfencedReplace extends HonestTasks {
  protected override rowOf({ job }: HonestJob): JobRow | undefined {
    return this.find('default', job);
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new UnfencedReplace(setup);
}
