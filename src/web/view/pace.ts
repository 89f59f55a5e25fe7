import type { Durations } from '../../tasks/calls.ts';
import { type Estimate, Forecast } from '../../tasks/eta/forecast.ts';
import { ShownRemaining } from '../../tasks/eta/shown.ts';
import type { TaskEvent } from '../../tasks/model/event.ts';
import { isFinal } from '../../tasks/model/record.ts';
import type { JobView } from './job-view.ts';
import { RateHistory } from './rate-history.ts';

/** An estimate is worked out anew no more often: it would flicker. */
const ESTIMATE_MS = 500;

/** More leaves than run at once; beyond them, those that were seen first are forgotten. */
const HISTORIES_MAX = 10_000;

const NOTHING: ReadonlyMap<number, Estimate> = new Map();

interface Known {
  readonly at: number;
  readonly view: JobView;
  readonly durations: Durations;
  readonly estimates: ReadonlyMap<number, Estimate>;
}

/** How fast tasks move, how they moved in the last minute, and how long they will take. */
export class Pace {
  readonly #forecast = new Forecast();
  readonly #shown = new ShownRemaining();
  readonly #histories = new Map<number, RateHistory>();
  readonly #known = new Map<number, Known>();

  /** Takes events, in their order. Times are those of the events. */
  observe(events: readonly TaskEvent[]): void {
    for (const event of events) {
      if (event.kind === 'progress') {
        for (const { task, progress } of event.movements) this.#move(task, progress, event.at);
      } else if (event.kind === 'started') this.#move(event.task, 0, event.at);
      else if ('task' in event && isFinal(event.kind as 'lost')) {
        this.#histories.delete(event.task);
        this.#shown.forget(event.task);
      }
    }
  }

  /** Estimates of the active tasks of a job, half a second old at most. */
  estimates(view: JobView, durations: Durations, now: number): ReadonlyMap<number, Estimate> {
    const { root } = view;
    if (root === undefined || isFinal(root.status)) {
      this.#known.delete(view.job.id);
      return NOTHING;
    }
    const known = this.#known.get(view.job.id);
    const isFresh = known && now - known.at < ESTIMATE_MS && now >= known.at;
    if (isFresh && known.durations === durations) return known.estimates;
    const estimates = this.#forecast.of(view.tasks, now, durations);
    this.#known.set(view.job.id, { at: now, view, durations, estimates });
    return estimates;
  }

  /** What to show as left of a task. */
  remainingMs(task: number, estimate: Estimate | undefined, now: number): number | null {
    return this.#shown.show(task, estimate?.remainingMs ?? null, now);
  }

  /** Units a second in points of two seconds, oldest first; empty for what was not seen to move. */
  recentRates(task: number, now: number): readonly number[] {
    return this.#histories.get(task)?.ratesAt(now) ?? [];
  }

  #move(task: number, progress: number, at: number): void {
    this.#forecast.observe(task, progress, at);
    const history = this.#histories.get(task);
    if (history) history.add(progress, at);
    else this.#keep(task, new RateHistory(progress, at));
  }

  #keep(task: number, history: RateHistory): void {
    this.#histories.set(task, history);
    if (this.#histories.size <= HISTORIES_MAX) return;
    for (const first of this.#histories.keys()) {
      this.#histories.delete(first);
      return;
    }
  }
}
