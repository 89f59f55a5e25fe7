import type { Board } from '../view/board.ts';
import type { TaskRow } from '../view/task-rows.ts';
import { type TimeWindow, windowOf } from '../view/time-axis.ts';
import { byId } from './element.ts';
import { TimeOverlay } from './time-overlay.ts';

/** Lanes follow time in steps of this many px, and not with every frame. */
const STEP_PX = 2;
const STEP_MAX_MS = 1000;

/** Which stretch of time the lanes show. */
export class LaneClock {
  readonly #span = byId('span', HTMLSelectElement);
  readonly #overlay: TimeOverlay;
  #isStale = true;
  window: TimeWindow = { from: 0, to: 1 };
  /** The moment that is now in the lanes. */
  now = 0;

  constructor(onChange: () => void) {
    const changed = () => {
      this.#isStale = true;
      onChange();
    };
    this.#overlay = new TimeOverlay(changed);
    this.#span.addEventListener('change', changed);
  }

  /** Px of a lane. */
  get width(): number {
    return this.#overlay.width;
  }

  /** `isNew`: there are other rows than before. */
  move(now: number, rows: readonly TaskRow[], board: Board, isNew: boolean): void {
    const { from, to } = this.window;
    const stepMs = Math.min(STEP_MAX_MS, ((to - from) / Math.max(this.width, 1)) * STEP_PX);
    if (!isNew && !this.#isStale && Math.abs(now - this.now) < stepMs) return;
    this.#isStale = false;
    this.now = now;
    const spanMs = this.#span.value === '' ? null : Number(this.#span.value);
    this.window = windowOf(spanMs, stretchOf(rows, board, now), now);
    this.#overlay.render(this.window, now);
  }
}

/** From the first start of a job to the last end; undefined when none has begun. */
function stretchOf(rows: readonly TaskRow[], board: Board, now: number): TimeWindow | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { depth, jobId } of rows) {
    const root = depth === 0 ? board.view(jobId)?.root : undefined;
    if (!root?.startedAt) continue;
    from = Math.min(from, root.startedAt);
    to = Math.max(to, root.finishedAt ?? now);
  }
  return from <= to ? { from, to } : undefined;
}
