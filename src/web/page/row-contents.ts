import type { Durations } from '../../tasks/calls.ts';
import type { TaskEvent } from '../../tasks/model/event.ts';
import { isFinal } from '../../tasks/model/record.ts';
import { pathOf } from '../../tasks/model/tree.ts';
import type { Board } from '../view/board.ts';
import { comparisonOf } from '../view/former-runs.ts';
import type { JobView } from '../view/job-view.ts';
import { Pace } from '../view/pace.ts';
import { curveOf } from '../view/rate-history.ts';
import { type RowFigures, rowFigures } from '../view/row-figures.ts';
import { laneOf } from '../view/task-lane.ts';
import type { TaskRow } from '../view/task-rows.ts';
import type { Api } from './api.ts';
import { FormerDurations } from './former-durations.ts';
import type { LaneClock } from './lane-clock.ts';
import type { TaskDetails } from './task-panel.ts';
import { CURVE, type RowContent } from './tree-row.ts';

/** Works out what rows show, of those that can be seen. */
export class RowContents {
  readonly #board: Board;
  readonly #clock: LaneClock;
  readonly #durations: FormerDurations;
  readonly #pace = new Pace();

  constructor(board: Board, clock: LaneClock, api: Api, onChange: () => void) {
    this.#board = board;
    this.#clock = clock;
    this.#durations = new FormerDurations(api, onChange);
  }

  /** Takes events, in their order: they tell how fast tasks move. */
  observe(events: readonly TaskEvent[]): void {
    this.#pace.observe(events);
  }

  of({ jobId, key }: TaskRow, now: number): RowContent | undefined {
    const view = this.#board.view(jobId);
    const task = view?.tree.byId.get(key);
    if (!view || !task) return undefined;
    const { figures, remainingMs } = this.#figures(view, key, now);
    const rates = task.status === 'running' ? this.#pace.recentRates(key, now) : [];
    const { window, width, now: laneNow } = this.#clock;
    return {
      figures,
      lane: laneOf(view, task, remainingMs, window, width, laneNow),
      curve: curveOf(rates, CURVE.width, CURVE.height),
    };
  }

  details(jobId: number, key: number, now: number): TaskDetails | undefined {
    const view = this.#board.view(jobId);
    const task = view?.tree.byId.get(key);
    if (!view || !task) return undefined;
    const { figures, durations } = this.#figures(view, key, now);
    return { view, task, figures, durations, owner: this.#board.owners.get(view.job.owner) };
  }

  #figures(view: JobView, key: number, now: number): Figures {
    const task = view.tree.byId.get(key);
    if (!task) throw new Error(`no task ${key}`);
    const durations = this.#durations.of(view);
    const estimate = this.#pace.estimates(view, durations, now).get(key);
    const remainingMs = this.#pace.remainingMs(key, estimate, now);
    const former = isFinal(task.status) ? durations.get(pathOf(task, view.tree.byId)) : undefined;
    const comparison = former && comparisonOf(task, former);
    const owner = this.#board.owners.get(view.job.owner);
    const basis = { view, task, estimate, remainingMs, comparison, owner, now };
    return { figures: rowFigures(basis), remainingMs, durations };
  }
}

interface Figures {
  readonly figures: RowFigures;
  readonly remainingMs: number | null;
  readonly durations: Durations;
}
