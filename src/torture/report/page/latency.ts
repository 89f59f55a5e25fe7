import { millis } from '../figures-text.ts';
import { Histogram } from '../histogram.ts';
import type { Latency, RunReport } from '../report.ts';
import { count, px, text } from './html-text.ts';
import { level, PLOT_WIDTH, plot, word } from './plot.ts';

type Histograms = RunReport['histograms'];

/** Operations with a curve each; the rest are in the table. */
const CURVES_MAX = 8;

const HEIGHT = 210;
const TOP = 16;
const BOTTOM = 24;
/** On the scale of the curves each further nine takes the same room. */
const QUANTILES = [
  ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  ...[0.93, 0.95, 0.97, 0.98, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999],
];
const TICKS = [0.5, 0.9, 0.99, 0.999];
const COLUMNS = [0.5, 0.9, 0.99, 0.999];

/** How long operations took, by kind: curves, from the call and from when it was due, and a table. */
export function latencyPart(run: RunReport): string {
  const { histograms, corrected } = run;
  const kinds = Object.keys(histograms).toSorted(
    (a, b) => (histograms[b]?.total ?? 0) - (histograms[a]?.total ?? 0),
  );
  if (kinds.every((kind) => histograms[kind]?.total === 0)) return '';
  const sets = [histograms, ...(corrected ? [corrected.histograms] : [])];
  const drawn = kinds.slice(0, CURVES_MAX);
  const scale = scaleOf(sets, drawn);
  const titles = corrected ? ['From the call', 'From when it was due'] : ['From call to return'];
  const figures = sets.map((set, at) => {
    const title = titles[at] ?? '';
    return `<figure><figcaption>${title}</figcaption>${curves(set, drawn, scale, title)}</figure>`;
  });
  const figuresTable = table(run, kinds);
  if (!corrected) {
    return `<section class="part"><h3>Latency</h3><div class="pair">${figures.join('')}<div>${figuresTable}</div></div></section>`;
  }
  return `<section class="part"><h3>Latency</h3><div class="pair">${figures.join('')}</div>${figuresTable}
<p class="aside">A stall holds up every operation that was due in it: from when they were due it counts for each of them.</p></section>`;
}

interface Scale {
  /** Powers of ten of nanoseconds. */
  readonly low: number;
  readonly high: number;
}

function scaleOf(sets: readonly Histograms[], kinds: readonly string[]): Scale {
  const all = sets.flatMap((set) => kinds.map((kind) => new Histogram(set[kind])));
  const used = all.filter(({ total }) => total > 0);
  const least = Math.max(100, Math.min(...used.map((one) => one.at(0))));
  const most = Math.max(1000, ...used.map((one) => one.at(0.999)));
  const low = Math.floor(Math.log10(least));
  return { low, high: Math.max(low + 1, Math.ceil(Math.log10(most))) };
}

function curves(set: Histograms, kinds: readonly string[], scale: Scale, title: string): string {
  const { low, high } = scale;
  const y = (power: number) => TOP + ((high - power) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const x = (quantile: number) => Math.log10(1 / (1 - quantile)) / 3;
  const levels = Array.from({ length: high - low + 1 }, (_, index) =>
    level(y(low + index), powerText(low + index)),
  );
  const lines = kinds.map((kind, index) => {
    const histogram = new Histogram(set[kind]);
    // What a single operation decides is not a curve yet.
    const known = QUANTILES.filter((quantile) => (1 - quantile) * histogram.total >= 1);
    const points = known.map((quantile) => {
      const power = Math.max(low, Math.log10(Math.max(1, histogram.at(quantile))));
      return `${px(x(quantile) * PLOT_WIDTH)},${px(y(power))}`;
    });
    return `<polyline class="curve c${index}" points="${points.join(' ')}"/>`;
  });
  const ticks = TICKS.map((tick) => word(x(tick), HEIGHT - 6, `p${tick * 100}`));
  return plot({
    height: HEIGHT,
    label: `${title}: latency by quantile for ${kinds.join(', ')}; the table has the figures`,
    shapes: [...levels.map(({ shape }) => shape), ...lines],
    words: [...levels.map((one) => one.word), ...ticks],
  });
}

function table({ histograms, corrected, latencyMs }: RunReport, kinds: readonly string[]): string {
  const sets = corrected ? [histograms, corrected.histograms] : [histograms];
  const names = COLUMNS.map((quantile) => `p${quantile * 100}`);
  const rows = kinds.map((kind, index) => {
    const cells = sets.map((set) => figuresOf(new Histogram(set[kind])));
    const total = histograms[kind]?.total ?? 0;
    return `<tr><th scope="row">${swatch(index)}${text(kind, 60)}</th>${number(count(total))}${cells.join('')}</tr>`;
  });
  const all = [latencyMs, ...(corrected ? [corrected.latencyMs] : [])].map(allOf);
  const total = Object.values(histograms).reduce((sum, one) => sum + one.total, 0);
  if (kinds.length > 1) {
    rows.push(`<tr><th scope="row">all</th>${number(count(total))}${all.join('')}</tr>`);
  }
  const group = (name: string) =>
    `<th scope="colgroup" class="number" colspan="${names.length + 1}">${name}</th>`;
  const groups = corrected
    ? `<tr><td colspan="2"></td>${group('from the call, ms')}${group('from when it was due, ms')}</tr>`
    : '';
  const heads = sets
    .flatMap(() => [...names, 'max'])
    .map((name, at) => {
      const unit = at === 0 && corrected === undefined ? ', ms' : '';
      return `<th scope="col" class="number">${name}${unit}</th>`;
    });
  return `<div class="scroll" tabindex="0" role="group" aria-label="Latency by operation"><table class="latency"><thead>${groups}<tr><th scope="col">Operation</th><th scope="col" class="number">Count</th>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function figuresOf(histogram: Histogram): string {
  const figures = COLUMNS.map((quantile) => histogram.at(quantile) / 1e6);
  return [...figures, histogram.max / 1e6].map((ms) => number(millis(ms))).join('');
}

function allOf({ p50, p90, p99, p999, max }: Latency): string {
  return [p50, p90, p99, p999, max].map((ms) => number(millis(ms))).join('');
}

function number(shown: string): string {
  return `<td class="number">${shown}</td>`;
}

function swatch(index: number): string {
  if (index >= CURVES_MAX) return '';
  return `<svg class="key" width="18" height="10" aria-hidden="true"><path class="curve c${index}" d="M0 5h16"/></svg>`;
}

/** A power of ten of nanoseconds. */
function powerText(power: number): string {
  if (power >= 9) return `${10 ** (power - 9)} s`;
  if (power >= 6) return `${10 ** (power - 6)} ms`;
  return power >= 3 ? `${10 ** (power - 3)} µs` : `${10 ** power} ns`;
}
