import type { TasksSetup, TasksSubject } from '../../../src/torture.ts';
import { type HonestJob, HonestTasks } from './honest.ts';

/** Writes progress from two places, which know different amounts: the later one may know less. */
class LateFlush extends HonestTasks {
  override advance(handle: HonestJob, amount: number): void {
    const before = this.rowOf(handle)?.progress;
    super.advance(handle, amount);
    this.transaction(() => {
      const row = this.rowOf(handle);
      if (row?.status !== 'running' || before === undefined) return;
      this.change(row, { status: row.status, progress: before }, 'progress');
      const late = this.rowOf(handle);
      if (late) this.change(late, { status: row.status, progress: row.progress }, 'progress');
    });
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new LateFlush(setup);
}
