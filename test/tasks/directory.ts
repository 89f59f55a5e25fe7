import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Tasks, type TasksOptions } from '../../src/tasks.ts';

/** What is to be closed before the directory goes. */
const open = new WeakMap<TestContext, Tasks[]>();

/** A new directory that is gone after the test, when the stores of the test are closed. */
export function directoryOf(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-tasks-'));
  context.after(async () => {
    for (const tasks of open.get(context) ?? []) await tasks.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

/** A store in a directory of `directoryOf`, a new one unless it is given. */
export async function openTasks(context: TestContext, options: TasksOptions = {}): Promise<Tasks> {
  const tasks = await Tasks.open({ dir: options.dir ?? directoryOf(context), ...options });
  open.set(context, [...(open.get(context) ?? []), tasks]);
  return tasks;
}
