import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectListener,
  SubjectUpdate,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { HonestTasks } from './honest.ts';
import { HonestListener, type Source } from './listener.ts';

/** Lists first and listens then: what happens in between nobody hears. */
class TooLate extends HonestListener {
  protected override async cursor(source: Source): Promise<number> {
    await pause(1);
    return source.snapshot().seq;
  }
}

class ListenedTooLate extends HonestTasks {
  override listen(
    hear: (update: SubjectUpdate) => void | Promise<void>,
    { after }: { readonly after?: number | undefined } = {},
  ): SubjectListener {
    return new TooLate(this, hear, after);
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new ListenedTooLate(setup);
}
