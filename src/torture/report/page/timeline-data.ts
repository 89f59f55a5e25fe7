import { cut, oneLine } from '../printable.ts';
import type { RunReport, TimelineMark } from '../report.ts';
import type { Band, Lane, Picture } from './timeline-drawing.ts';

/** A timeline ready to be drawn. */
export interface TimelineData {
  readonly picture: Picture;
  readonly lanes: readonly Lane[];
  /** Operations in it; of a longer run the first ones. */
  readonly size: number;
  /** In all of the cut-out pauses, in µs. */
  readonly cutOut: number;
}

/** More bands than that are a haze. */
const BANDS_MAX = 200;
/** Of a name on the picture. */
const NAME_MAX = 40;

// A pause shorter than this share of the time in which something ran is left; a longer one becomes it.
const PAUSE_SHARE = 0.02;

/** What a timeline is drawn from. */
type Drawable = Pick<RunReport, 'timeline' | 'faults' | 'violations'>;

/** What of a run's timeline is drawn, at most `sizeMax` operations; undefined when there are none. */
export function timelineData(run: Drawable, sizeMax: number): TimelineData | undefined {
  const { timeline } = run;
  const marks = timeline.marks.slice(0, sizeMax).toSorted((a, b) => a[3] - b[3]);
  if (marks.length === 0) return undefined;
  const bands = bandsOf(run);
  const clock = new Clock(busyTimes(marks, bands));
  const clients = [...new Set(marks.map(([client]) => client))].sort((a, b) => a - b);
  const lanes = lanesOf(marks, clients, clock);
  const kinds = timeline.f.map((name) => cut(oneLine(cut(name, NAME_MAX)), NAME_MAX));
  const drawn = bands
    .map(([from, to, ...rest]): Band => [clock.at(from), clock.at(to), ...rest])
    .filter(([from]) => from <= clock.span);
  const { span, breaks, cutOut } = clock;
  const laneHeight = laneHeightOf(clients.length);
  const picture = { clients, kinds, span, laneHeight, breaks, bands: drawn };
  return { picture, lanes, size: marks.length, cutOut };
}

function laneHeightOf(lanes: number): number {
  if (lanes <= 16) return 20;
  if (lanes <= 40) return 14;
  return lanes <= 100 ? 7 : 4;
}

/** Where faults were, and where what shows a violation was. */
function bandsOf({ faults, violations }: Drawable): Band[] {
  const windows = faults.flatMap(({ fault, windows }) =>
    windows.map(({ from, to, target }): Band => {
      const name = cut(oneLine(cut(`${fault} ${target}`, NAME_MAX)), NAME_MAX);
      return [from / 1e3, to / 1e3, name, 'fault'];
    }),
  );
  const flags = violations.flatMap(({ counterexample, operations }): Band[] => {
    const shown = counterexample?.operations ?? operations;
    if (shown.length === 0) return [];
    const from = Math.min(...shown.map(({ invokedAt }) => invokedAt));
    const to = Math.max(...shown.map((one) => one.returnedAt ?? one.invokedAt));
    return [[from / 1e3, to / 1e3, 'violation', 'flag']];
  });
  return [...flags.slice(0, BANDS_MAX), ...windows.slice(0, BANDS_MAX)].sort((a, b) => a[0] - b[0]);
}

/** Stretches in which something ran, in order. What never returned is only known to have begun. */
function busyTimes(
  marks: readonly TimelineMark[],
  bands: readonly Band[],
): (readonly [number, number])[] {
  const first = marks[0]?.[3] ?? 0;
  const last = marks.reduce((latest, [, , , begin, end]) => Math.max(latest, begin, end), first);
  const within = bands.filter(([from, to]) => to >= first && from <= last);
  return [
    ...marks.map(([, , , begin, end]) => [begin, Math.max(begin, end)] as const),
    ...within.map(([from, to]) => [from, to] as const),
  ].sort((a, b) => a[0] - b[0]);
}

/** Real times to those of the picture, from which long pauses are cut out. */
class Clock {
  readonly breaks: readonly (readonly [at: number, cut: number])[];
  readonly span: number;
  /** Of pauses between operations. */
  readonly cutOut: number;
  /** When each pause began, really, and what was cut out before it. */
  readonly #pauses: readonly { readonly from: number; readonly before: number }[];

  constructor(busy: readonly (readonly [number, number])[]) {
    const merged: [number, number][] = [];
    for (const [from, to] of busy) {
      const last = merged.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    const ran = merged.reduce((sum, [from, to]) => sum + to - from, 0);
    const least = Math.max(1, ran * PAUSE_SHARE);
    const begin = merged[0]?.[0] ?? 0;
    const breaks: [number, number][] = begin > 0 ? [[0, begin]] : [];
    let cutOut = Math.max(0, begin);
    merged.forEach(([from], index) => {
      const before = merged[index - 1]?.[1];
      if (before === undefined || from - before <= 2 * least) return;
      breaks.push([before - cutOut + least / 2, from - before - least]);
      cutOut += from - before - least;
    });
    this.breaks = breaks;
    this.cutOut = cutOut - begin;
    this.span = Math.max(1, (merged.at(-1)?.[1] ?? 0) - cutOut);
    let before = 0;
    this.#pauses = breaks.map(([at, cut]) => {
      const pause = { from: at + before, before };
      before += cut;
      return pause;
    });
  }

  at(real: number): number {
    let low = 0;
    let high = this.#pauses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pauses[middle]?.from ?? 0) < real) low = middle + 1;
      else high = middle;
    }
    const pause = this.#pauses[low - 1];
    if (pause === undefined) return real;
    const [, cut = 0] = this.breaks[low - 1] ?? [];
    return real - pause.before - Math.min(cut, real - pause.from);
  }
}

function lanesOf(
  marks: readonly TimelineMark[],
  clients: readonly number[],
  clock: Clock,
): readonly Lane[] {
  const lanes = new Map(
    clients.map((client): [number, Lane] => [
      client,
      { begins: [], ends: [], kinds: [], outcomes: [] },
    ]),
  );
  /** Clients whose last operation never returned. */
  const open = new Set<number>();
  for (const [client, kind, outcome, begin, end] of marks) {
    const lane = lanes.get(client);
    if (!lane) continue;
    const from = clock.at(begin);
    // One that never returned is in the way of nothing that its client does next.
    if (open.delete(client)) lane.ends.splice(-1, 1, from);
    if (end < 0) open.add(client);
    lane.begins.push(from);
    lane.ends.push(Math.max(from, end < 0 ? clock.span : clock.at(end)));
    lane.kinds.push(kind);
    lane.outcomes.push(outcome);
  }
  return [...lanes.values()];
}

/**
 * Operations for the page's script, as base64 of numbers of 7 bits a byte, the lowest first, the
 * highest bit set in all bytes but the last: for each lane their count, and for each operation
 * begin (less that before), length and `kind · 3 + outcome`.
 */
export function packLanes(lanes: readonly Lane[]): string {
  const bytes: number[] = [];
  const put = (number: number) => {
    let rest = number;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  for (const { begins, ends, kinds, outcomes } of lanes) {
    put(begins.length);
    let before = 0;
    begins.forEach((from, at) => {
      const begin = Math.max(before, Math.round(from));
      put(begin - before);
      put(Math.max(0, Math.round(ends[at] ?? 0) - begin));
      put((kinds[at] ?? 0) * 3 + (outcomes[at] ?? 0));
      before = begin;
    });
  }
  return Buffer.from(bytes).toString('base64');
}
