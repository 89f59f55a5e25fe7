import { Task } from './task.ts';

/** A task of a job that is not recorded: its hot path is empty. */
export class SilentTask extends Task {
  override advance(): void {}
}
