import { setTimeout as pause } from 'node:timers/promises';
import type { SubjectListing, TasksSetup, TasksSubject } from '../../../src/torture.ts';
import { HonestTasks, type JobRow } from './honest.ts';

/** Looks for the dead, and ends what they have left, whatever others have done in between. */
class LostTwice extends HonestTasks {
  #found: readonly JobRow[] = [];

  override async list(database?: string): Promise<SubjectListing> {
    const found = super.dead();
    if (found.length > 0) await pause(1);
    this.#found = found;
    return await super.list(database);
  }

  protected override dead(): readonly JobRow[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new LostTwice(setup);
}
