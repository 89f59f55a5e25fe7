import { PATH_SEPARATOR, shownNames, type TaskRecord } from '../../tasks.ts';
import { plainText } from '../text.ts';

/** Of longer paths the middle is left out. */
const NAMES_MAX = 16;

interface Place {
  readonly task: TaskRecord;
  /** Among the children of its parent. */
  readonly index: number;
}

/** What to call tasks, by their ids: also those whose job is gone. */
export class TaskNames {
  readonly #places = new Map<number, Place>();
  readonly #children = new Map<number, TaskRecord[]>();
  /** By the parent, as long as it has the same number of children. */
  readonly #names = new Map<number, readonly string[]>();
  readonly #byJob = new Map<number, number[]>();

  /** Takes parents before their children, and siblings in their order. */
  learn(jobId: number, tasks: Iterable<TaskRecord>): void {
    const known = madeIn(this.#byJob, jobId);
    for (const task of tasks) {
      if (this.#places.has(task.id)) continue;
      const siblings = task.parent === null ? [] : madeIn(this.#children, task.parent);
      this.#places.set(task.id, { task, index: siblings.length });
      siblings.push(task);
      known.push(task.id);
    }
  }

  forget(jobId: number): void {
    for (const id of this.#byJob.get(jobId) ?? []) {
      for (const map of [this.#places, this.#children, this.#names]) map.delete(id);
    }
    this.#byJob.delete(jobId);
  }

  /** Names from the root on, safe to show; of one that nobody knows its number. */
  path(task: number): string {
    const names: string[] = [];
    for (let at = this.#places.get(task); at; at = this.#above(at)) names.push(this.#nameOf(at));
    if (names.length === 0) return `task ${task}`;
    names.reverse();
    if (names.length > NAMES_MAX) names.splice(1, names.length - NAMES_MAX + 1, '…');
    return plainText(names.join(PATH_SEPARATOR));
  }

  #above({ task }: Place): Place | undefined {
    return task.parent === null ? undefined : this.#places.get(task.parent);
  }

  #nameOf(place: Place): string {
    const { task, index } = place;
    const parent = this.#above(place)?.task;
    if (parent === undefined) return task.name;
    const siblings = this.#children.get(parent.id) ?? [];
    let names = this.#names.get(parent.id);
    if (names?.length !== siblings.length) {
      names = shownNames(parent, siblings);
      this.#names.set(parent.id, names);
    }
    return names[index] ?? task.name;
  }
}

function madeIn<T>(map: Map<number, T[]>, key: number): T[] {
  const found = map.get(key);
  if (found) return found;
  const made: T[] = [];
  map.set(key, made);
  return made;
}
