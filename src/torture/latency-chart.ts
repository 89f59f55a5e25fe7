import { millis } from './figures-text.ts';
import { Histogram } from './histogram.ts';
import type { RunReport } from './report.ts';

const WIDTH = 320;
const HEIGHT = 170;
const LEFT = 42;
const RIGHT = 20;
const TOP = 10;
const BOTTOM = 24;

/** Drawn on a scale on which each further nine takes the same room. */
const QUANTILES = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999];
const TICKS = [0, 0.5, 0.9, 0.99, 0.999];

/** Latency by quantile, one curve a run, as an SVG element. The classes `c0`, `c1`, … colour them. */
export function latencyChart(runs: readonly RunReport[]): string {
  const curves = runs.map((run) => curveOf(run));
  const values = curves.flat();
  const low = Math.floor(Math.log10(Math.max(1e-3, Math.min(...values))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1e-3, ...values))));
  const x = (quantile: number) =>
    LEFT + (Math.log10(1 / (1 - quantile)) / 3) * (WIDTH - LEFT - RIGHT);
  const y = (ms: number) => {
    const share = (Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low);
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  };
  const parts: string[] = [];
  for (let power = low; power <= high; power += 1) {
    const at = y(10 ** power).toFixed(1);
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
      `<text class="tick" x="${LEFT - 5}" y="${at}" text-anchor="end" dy=".32em">${powerText(power)}</text>`,
    );
  }
  for (const tick of TICKS) {
    const at = x(tick).toFixed(1);
    const text = tick === 0 ? 'min' : `p${tick * 100}`;
    parts.push(
      `<text class="tick" x="${at}" y="${HEIGHT - 8}" text-anchor="middle">${text}</text>`,
    );
  }
  curves.forEach((curve, index) => {
    const points = curve.map((ms, at) => `${x(QUANTILES[at] ?? 0).toFixed(1)},${y(ms).toFixed(1)}`);
    const { mode, latencyMs } = runs[index] as RunReport;
    const title = `${mode}: p50 ${millis(latencyMs.p50)}, p99 ${millis(latencyMs.p99)}, max ${millis(latencyMs.max)} ms`;
    parts.push(
      `<polyline class="curve c${index}" points="${points.join(' ')}"><title>${title}</title></polyline>`,
    );
  });
  const label = `Latency in milliseconds by quantile: ${runs.map((run) => run.mode).join(', ')}`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

/** Milliseconds at each of the quantiles, of all operations together. */
function curveOf(run: RunReport): number[] {
  const all = new Histogram();
  for (const packed of Object.values(run.histograms)) all.merge(new Histogram(packed));
  return QUANTILES.map((quantile) => all.at(quantile) / 1e6);
}

function powerText(power: number): string {
  if (power >= 3) return `${10 ** (power - 3)} s`;
  return power >= 0 ? `${10 ** power} ms` : `${10 ** (power + 3)} µs`;
}
