/*
 * The page redraws a timeline when somebody zooms, with the same code that drew it first: these
 * functions go into its script as they stand. So they use the language and each other, and nothing
 * else.
 */

/** What a timeline shows beside its operations. Times in µs, without the pauses that are cut out. */
export interface Picture {
  /** Number of each lane's client. */
  readonly clients: readonly number[];
  /** Names of operations. */
  readonly kinds: readonly string[];
  readonly span: number;
  readonly laneHeight: number;
  /** Where a pause is cut out, and how long it was. */
  readonly breaks: readonly (readonly [at: number, cut: number])[];
  readonly bands: readonly Band[];
}

/** A stretch of time to look at: a fault, or a violation. */
export type Band = readonly [from: number, to: number, name: string, kind: 'fault' | 'flag'];

/** Operations of one client, in order. An outcome is 0 ok, 1 fail or 2 info. */
export interface Lane {
  readonly begins: number[];
  readonly ends: number[];
  readonly kinds: number[];
  readonly outcomes: number[];
}

export interface View {
  readonly from: number;
  readonly to: number;
  readonly widthPx: number;
  /** Kinds of operations not to be shown. */
  readonly hidden: readonly number[];
}

/** Shapes in a space 1000 wide, and words that are not stretched with it. */
export interface Drawing {
  readonly shapes: string;
  readonly words: string;
  /** Operations within the view. */
  readonly visible: number;
}

/** Height of all that stands above the first lane. */
export function lanesTop(picture: Picture): number {
  return picture.bands.length > 0 ? 40 : 22;
}

/**
 * Draws what of a timeline is in view: each operation where there are few, else for each lane how
 * much of its time was spent in operations.
 */
export function drawTimeline(picture: Picture, lanes: readonly Lane[], view: View): Drawing {
  const ranges = lanes.map((lane) => rangeInView(lane, view));
  const visible = ranges.reduce((sum, [first, last]) => sum + last - first, 0);
  const top = lanesTop(picture);
  const shapes = [drawGrid(picture, view).shapes, drawBands(picture, view).shapes];
  const words = [drawGrid(picture, view).words, drawBands(picture, view).words];
  lanes.forEach((lane, index) => {
    const y = top + index * picture.laneHeight;
    const range = ranges[index] as [number, number];
    if (visible > 2500) shapes.push(drawDensity(lane, range, view, y, picture.laneHeight));
    else {
      shapes.push(drawBars(lane, range, view, y, picture.laneHeight));
      if (visible < 400) words.push(drawNames(picture, lane, range, view, y));
    }
  });
  return { shapes: shapes.join(''), words: words.join(''), visible };
}

/** Places of the first operation in view, and of the first after it. */
function rangeInView(lane: Lane, view: View): [number, number] {
  const search = (times: readonly number[], time: number) => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const first = search(lane.ends, view.from);
  return [first, Math.max(first, search(lane.begins, view.to))];
}

/** Each operation as a bar: what failed is low, and what nobody knows is hollow. */
function drawBars(
  lane: Lane,
  [first, last]: readonly [number, number],
  view: View,
  y: number,
  laneHeight: number,
): string {
  const scale = 1000 / (view.to - view.from);
  const pixel = 1000 / view.widthPx;
  const height = Math.max(2, laneHeight - (laneHeight > 8 ? 5 : 1));
  const paths = ['', '', ''];
  for (let at = first; at < last; at += 1) {
    if (view.hidden.includes(lane.kinds[at] as number)) continue;
    const outcome = lane.outcomes[at] as number;
    const from = Math.max(-5, ((lane.begins[at] as number) - view.from) * scale);
    const to = Math.min(1005, ((lane.ends[at] as number) - view.from) * scale);
    // A hair of room after each, so that two in turn are two.
    const width = Math.max(pixel, to - from - (to - from > 4 * pixel ? pixel : 0));
    const low = outcome === 1 ? Math.ceil(height / 2) : height;
    const corner = `M${from.toFixed(1)} ${y + height - low}`;
    paths[outcome] += `${corner}h${width.toFixed(1)}v${low}h-${width.toFixed(1)}z`;
  }
  return paths
    .map((d, outcome) => (d === '' ? '' : `<path class="k${outcome}" d="${d}"/>`))
    .join('');
}

/** How much of each stretch of time a client spent in operations, in four heights. */
function drawDensity(
  lane: Lane,
  [first, last]: readonly [number, number],
  view: View,
  y: number,
  laneHeight: number,
): string {
  const bins = Math.min(500, Math.max(50, Math.floor(view.widthPx / 2)));
  const size = (view.to - view.from) / bins;
  const busy = [0, 1, 2].map(() => new Float64Array(bins));
  for (let at = first; at < last; at += 1) {
    if (view.hidden.includes(lane.kinds[at] as number)) continue;
    const begin = Math.max(0, ((lane.begins[at] as number) - view.from) / size);
    const end = Math.min(bins - 1e-9, ((lane.ends[at] as number) - view.from) / size);
    const shares = busy[lane.outcomes[at] as number] as Float64Array;
    for (let bin = Math.floor(begin); bin <= end; bin += 1) {
      const part = Math.min(end, bin + 1) - Math.max(begin, bin);
      // However short, it shows.
      shares[bin] = (shares[bin] as number) + Math.max(part, 0.01);
    }
  }
  const height = Math.max(2, laneHeight - (laneHeight > 8 ? 5 : 1));
  const step = 1000 / bins;
  return busy
    .map((shares, outcome) => {
      let path = '';
      for (let bin = 0; bin < bins; ) {
        const part = Math.ceil(Math.min(1, shares[bin] as number) * 4);
        let next = bin + 1;
        while (next < bins && Math.ceil(Math.min(1, shares[next] as number) * 4) === part)
          next += 1;
        if (part > 0) {
          const tall = Math.max(1, (part * height) / 4).toFixed(1);
          const from = `M${(bin * step).toFixed(1)} ${(y + height - Number(tall)).toFixed(1)}`;
          const width = ((next - bin) * step).toFixed(1);
          path += `${from}h${width}v${tall}h-${width}z`;
        }
        bin = next;
      }
      return path === '' ? '' : `<path class="k${outcome}" d="${path}"/>`;
    })
    .join('');
}

/** The name of an operation in its bar, where that is long enough. */
function drawNames(
  picture: Picture,
  lane: Lane,
  [first, last]: readonly [number, number],
  view: View,
  y: number,
): string {
  if (picture.laneHeight < 14) return '';
  const perPixel = (view.to - view.from) / view.widthPx;
  let words = '';
  for (let at = first; at < last; at += 1) {
    const kind = lane.kinds[at] as number;
    if (view.hidden.includes(kind)) continue;
    const name = picture.kinds[kind] as string;
    const begin = Math.max(lane.begins[at] as number, view.from);
    const end = Math.min(lane.ends[at] as number, view.to);
    if ((end - begin) / perPixel < name.length * 6.6 + 8) continue;
    const x = (((begin - view.from) / (view.to - view.from)) * 100).toFixed(2);
    const line = y + picture.laneHeight / 2 + 1.5;
    words += `<text class="name" x="${x}%" dx="4" y="${line}">${escapeWord(name)}</text>`;
  }
  return words;
}

/** Faults and violations: a strip above the lanes, and behind them what it spans. */
function drawBands(picture: Picture, view: View): { shapes: string; words: string } {
  const height = picture.clients.length * picture.laneHeight + 18;
  const scale = 1000 / (view.to - view.from);
  let shapes = '';
  let words = '';
  let taken = 0;
  for (const [from, to, name, kind] of picture.bands) {
    if (to < view.from || from > view.to) continue;
    const x = Math.max(-5, (from - view.from) * scale);
    const width = Math.max(1200 / view.widthPx, Math.min(1005, (to - view.from) * scale) - x);
    const place = `x="${x.toFixed(1)}" width="${width.toFixed(1)}"`;
    shapes += `<rect class="${kind} back" ${place} y="22" height="${height}"/><rect class="${kind}" ${place} y="22" height="3"/>`;
    const left = Math.max(0, x / 1000);
    const wide = (name.length * 6.6 + 8) / view.widthPx;
    const isLate = left + wide > 1;
    // Names that would run into one another are left out.
    if (left - (isLate ? wide : 0) < taken) continue;
    taken = left + (isLate ? 0 : wide);
    words += `<text class="${kind} name" x="${(left * 100).toFixed(2)}%" y="36"${isLate ? ' text-anchor="end"' : ''}>${escapeWord(name)}</text>`;
  }
  return { shapes, words };
}

/** Lines at round times, and where pauses are cut out. */
function drawGrid(picture: Picture, view: View): { shapes: string; words: string } {
  const bottom = lanesTop(picture) + picture.clients.length * picture.laneHeight;
  const span = view.to - view.from;
  const wanted = (span * 90) / view.widthPx;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= wanted) as number;
  const latest = picture.breaks.reduce((sum, [, cut]) => sum + cut, view.to);
  const unit = latest >= 2e6 && step >= 1e4 ? 1e6 : latest >= 2e3 ? 1e3 : 1;
  const name = unit === 1e6 ? ' s' : unit === 1e3 ? ' ms' : ' µs';
  const digits = Math.max(0, Math.ceil(-Math.log10(step / unit)));
  let shapes = '';
  let words = '';
  let last = Number.NEGATIVE_INFINITY;
  let before = 0;
  const pieces = [[0, 0] as readonly [number, number], ...picture.breaks];
  pieces.forEach(([at, cut], index) => {
    before += cut;
    const until = Math.min(view.to, pieces[index + 1]?.[0] ?? picture.span);
    // Of what comes before the first operation nothing is drawn.
    if (until < view.from || at > view.to || until <= at) return;
    const x = (time: number) => ((time - view.from) / span) * 1000;
    if (at > 0 && at >= view.from) {
      shapes += `<path class="break" d="M${x(at).toFixed(1)} 22V${bottom}"/>`;
    }
    const first = Math.ceil((Math.max(at, view.from) + before) / step);
    for (let tick = first; tick * step - before <= until; tick += 1) {
      const place = x(tick * step - before);
      if (place - last < 60_000 / view.widthPx) continue;
      last = place;
      shapes += `<path class="grid" d="M${place.toFixed(1)} 18V${bottom}"/>`;
      const anchor = place < 30 ? 'start' : place > 970 ? 'end' : 'middle';
      words += `<text x="${(place / 10).toFixed(2)}%" y="12" text-anchor="${anchor}">${((tick * step) / unit).toFixed(digits)}${name}</text>`;
    }
  });
  return { shapes, words };
}

function escapeWord(raw: string): string {
  return raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Of the drawing that stands there before there is a page to measure. */
export const WIDTH_PX = 760;

/** The same functions as text, for the page. */
export const DRAWING_SCRIPT = [
  lanesTop,
  drawTimeline,
  rangeInView,
  drawBars,
  drawDensity,
  drawNames,
  drawBands,
  drawGrid,
  escapeWord,
].join('\n');
