import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectJob,
  SubjectRegistration,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { HonestTasks, isActive, refusal } from './honest.ts';

/** Looks whether the id is free, and then takes it, whoever has it by then. */
class ClaimedInTwoSteps extends HonestTasks {
  override async register(job: string, options: SubjectRegistration = {}): Promise<SubjectJob> {
    const former = this.find('default', job);
    if (former && isActive(former) && !options.replaces) throw refusal('CONFLICT');
    await pause(1);
    return await super.register(job, { ...options, replaces: true });
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new ClaimedInTwoSteps(setup);
}
