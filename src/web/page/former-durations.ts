import type { Durations } from '../../tasks/calls.ts';
import { pathOf } from '../../tasks/model/tree.ts';
import type { JobView } from '../view/job-view.ts';
import type { Api } from './api.ts';

const NOTHING: Durations = new Map();

/** More than are on any screen, and than one request may have. */
const PATHS_MAX = 2000;

/** How long tasks took in former runs: asked once for each job that is looked at. */
export class FormerDurations {
  readonly #api: Api;
  readonly #onCome: () => void;
  readonly #known = new Map<number, Durations>();

  constructor(api: Api, onCome: () => void) {
    this.#api = api;
    this.#onCome = onCome;
  }

  /** Empty until they have come. */
  of(view: JobView): Durations {
    const { id } = view.job;
    const known = this.#known.get(id);
    if (known) return known;
    this.#known.set(id, NOTHING);
    void this.#ask(view);
    return NOTHING;
  }

  async #ask(view: JobView): Promise<void> {
    const { byId } = view.tree;
    const paths = [...new Set(view.tasks.slice(0, PATHS_MAX).map((task) => pathOf(task, byId)))];
    const { id, database } = view.job;
    try {
      const found = await this.#api.durations({ database, paths });
      this.#known.set(id, new Map(paths.map((path, index) => [path, found[index] ?? []])));
      this.#onCome();
    } catch {
      // Without former runs there is less to show; it is asked again when the job is looked at next.
      this.#known.delete(id);
    }
  }
}
