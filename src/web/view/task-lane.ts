import { isFinal, type TaskRecord } from '../../tasks/model/record.ts';
import type { JobView } from './job-view.ts';
import { placeOf, type TimeWindow } from './time-axis.ts';

/** A task in time, in px of a lane. */
export interface Lane {
  /** Undefined for what has not started, and for what lies outside. */
  readonly bar: { readonly x: number; readonly width: number } | undefined;
  /** Where it is expected to end. */
  readonly rest: { readonly x: number; readonly width: number } | undefined;
  /** Where rounds began. */
  readonly ticks: readonly number[];
}

const NOTHING: Lane = { bar: undefined, rest: undefined, ticks: [] };

/** What is shorter could not be seen. */
const LEAST_PX = 2;

/** Closer together they would be a smear. */
const TICK_PX = 4;

export function laneOf(
  view: JobView,
  task: TaskRecord,
  remainingMs: number | null,
  window: TimeWindow,
  width: number,
  now: number,
): Lane {
  if (task.startedAt === null) return NOTHING;
  const end = task.finishedAt ?? now;
  const isOver = isFinal(task.status);
  return {
    bar: clipped(task.startedAt, end, window, width, LEAST_PX),
    rest:
      isOver || remainingMs === null
        ? undefined
        : clipped(now, now + remainingMs, window, width, 0),
    ticks: task.kind === 'iterative' ? roundTicks(view, task, window, width) : [],
  };
}

function clipped(from: number, to: number, window: TimeWindow, width: number, least: number) {
  const left = Math.max(0, placeOf(from, window, width));
  const right = Math.min(
    width,
    Math.max(placeOf(to, window, width), placeOf(from, window, width) + least),
  );
  if (right <= left) return undefined;
  return { x: half(left), width: Math.max(half(right - left), 0.5) };
}

function roundTicks(view: JobView, task: TaskRecord, window: TimeWindow, width: number): number[] {
  const size = task.roundSize ?? 1;
  const ids = view.tree.children.get(task.id) ?? [];
  const ticks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let at = size; at < ids.length; at += size) {
    const startedAt = view.tree.byId.get(ids[at] ?? -1)?.startedAt ?? null;
    if (startedAt === null) continue;
    const x = half(placeOf(startedAt, window, width));
    if (x < 0 || x > width || x - last < TICK_PX) continue;
    ticks.push(x);
    last = x;
  }
  return ticks;
}

/** Half pixels are as fine as anyone sees, and keep drawings from changing all the time. */
function half(px: number): number {
  return Math.round(px * 2) / 2;
}
