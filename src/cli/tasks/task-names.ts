import { shownNames, type TaskRecord } from '../../tasks.ts';
import { plainText } from '../text.ts';

/** As the store joins the names of a path. */
const SEPARATOR = ' :: ';

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

  /** Takes parents before their children, and siblings in their order. */
  learn(tasks: Iterable<TaskRecord>): void {
    for (const task of tasks) {
      if (this.#places.has(task.id)) continue;
      const siblings = this.#siblingsOf(task.parent);
      this.#places.set(task.id, { task, index: siblings.length });
      siblings.push(task);
    }
  }

  forget(tasks: Iterable<TaskRecord>): void {
    for (const { id } of tasks) {
      for (const map of [this.#places, this.#children, this.#names]) map.delete(id);
    }
  }

  /** Names from the root on, safe to show; of one that nobody knows its number. */
  path(task: number): string {
    const names: string[] = [];
    for (let at = this.#places.get(task); at; at = this.#above(at)) names.push(this.#nameOf(at));
    if (names.length === 0) return `task ${task}`;
    return plainText(names.reverse().join(SEPARATOR));
  }

  #siblingsOf(parent: number | null): TaskRecord[] {
    if (parent === null) return [];
    const found = this.#children.get(parent);
    if (found) return found;
    const made: TaskRecord[] = [];
    this.#children.set(parent, made);
    return made;
  }

  #above({ task }: Place): Place | undefined {
    return task.parent === null ? undefined : this.#places.get(task.parent);
  }

  #nameOf(place: Place): string {
    const { task, index } = place;
    const parent = this.#above(place)?.task;
    if (parent === undefined) return task.name;
    const siblings = this.#siblingsOf(parent.id);
    let names = this.#names.get(parent.id);
    if (names?.length !== siblings.length) {
      names = shownNames(parent, siblings);
      this.#names.set(parent.id, names);
    }
    return names[index] ?? task.name;
  }
}
