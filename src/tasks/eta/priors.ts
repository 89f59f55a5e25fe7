import type { Durations } from '../calls.ts';
import type { TaskRecord } from '../model/record.ts';
import { PATH_SEPARATOR } from '../model/tree.ts';
import { type Prior, priorOf, RUNS_MAX } from './prior.ts';

/** Tasks of the same names from the root on. */
interface Path {
  readonly id: number;
  /** Undefined where it is longer than any that has durations: names of deep trees are long. */
  readonly text: string | undefined;
  readonly runsMs: number[];
  prior?: Prior | undefined;
}

/**
 * What is known of how long tasks take before they move: from former runs, and from those of the same
 * path that have finished in this one, as rounds do.
 */
export class Priors {
  readonly #durations: Durations;
  readonly #paths = new Map<string, Path>();
  readonly #byTask = new Map<number, Path>();

  /** Takes parents before their children. */
  constructor(tasks: readonly TaskRecord[], durations: Durations) {
    this.#durations = durations;
    let longest = 0;
    for (const text of durations.keys()) longest = Math.max(longest, text.length);
    for (const task of tasks) this.#add(task, longest);
  }

  get(task: number): Prior | undefined {
    const path = this.#byTask.get(task);
    if (path === undefined) return undefined;
    const former = path.text === undefined ? undefined : this.#durations.get(path.text);
    if (former === undefined && path.runsMs.length === 0) return undefined;
    path.prior ??= priorOf([...(former ?? []), ...path.runsMs.slice(-RUNS_MAX)]);
    return path.prior;
  }

  #add({ id, parent, name, status, startedAt, finishedAt }: TaskRecord, longest: number): void {
    const above = parent === null ? undefined : this.#byTask.get(parent);
    const key = `${above?.id ?? ''} ${name}`;
    let path = this.#paths.get(key);
    if (path === undefined) {
      path = { id: this.#paths.size, text: textOf(above, name, longest), runsMs: [] };
      this.#paths.set(key, path);
    }
    this.#byTask.set(id, path);
    if (status !== 'finished' || startedAt === null || finishedAt === null) return;
    path.runsMs.push(Math.max(0, finishedAt - startedAt));
  }
}

function textOf(above: Path | undefined, name: string, longest: number): string | undefined {
  if (above === undefined) return name;
  if (above.text === undefined) return undefined;
  const text = above.text + PATH_SEPARATOR + name;
  return text.length > longest ? undefined : text;
}
