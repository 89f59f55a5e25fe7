import { amount } from '../figures-text.ts';
import type { LeakReport, RunReport } from '../report.ts';
import { count, px, text } from './html-text.ts';
import { PLOT_WIDTH, plot, word } from './plot.ts';

const HEIGHT = 120;
const TOP = 14;
const BOTTOM = 20;
const NAMES_SHOWN = 12;
/** Samples with a dot each. */
const DOTS_MAX = 200;

/** What grew with every cycle of opening, working and closing, and what did not. */
export function leakPart({ leaks }: RunReport): string {
  if (leaks.length === 0) return '';
  const ordered = leaks.toSorted((a, b) => Number(b.isLeak) - Number(a.isLeak));
  return `<section class="part"><h3>Leaks</h3><div class="pair">${ordered.map(figure).join('')}</div>
<p class="aside">One sample after each cycle of opening, working and closing. The wedge is the 95 % interval of the slope.</p></section>`;
}

function figure(leak: LeakReport): string {
  const { what, perCycle, low, high, isLeak, names } = leak;
  const verdict = isLeak ? '<b class="violation">leaks</b>' : 'no leak seen';
  const slope = `${amount(what, perCycle)} a cycle, 95 %: ${amount(what, low)} to ${amount(what, high)}`;
  const items = names
    .slice(0, NAMES_SHOWN)
    .map((name) => `<li><code>${text(name, 200)}</code></li>`);
  const rest = names.length - items.length;
  if (rest > 0) items.push(`<li>and ${count(rest)} more</li>`);
  const list =
    items.length === 0 ? '' : `<p class="aside">Left behind</p><ul>${items.join('')}</ul>`;
  return `<figure><figcaption>${what}: ${verdict}, ${slope}</figcaption>${chart(leak)}${list}</figure>`;
}

function chart({ what, samples, perCycle, low, high }: LeakReport): string {
  if (samples.length < 2) return '';
  const least = Math.min(...samples);
  const most = Math.max(...samples, least + 1);
  const x = (cycle: number) => 8 + (cycle / (samples.length - 1)) * (PLOT_WIDTH - 16);
  const y = (value: number) =>
    HEIGHT - BOTTOM - ((value - least) / (most - least)) * (HEIGHT - TOP - BOTTOM);
  // A slope says nothing of a height: the line goes through the middle of the samples.
  const centre = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
  const on = (slope: number, cycle: number) => {
    const value = y(mean + slope * (cycle - centre));
    return `${px(x(cycle))},${px(Math.max(0, Math.min(HEIGHT, value)))}`;
  };
  const last = samples.length - 1;
  const wedge = [on(low, 0), on(low, last), on(high, last), on(high, 0)];
  const every = Math.ceil(samples.length / DOTS_MAX);
  const dots = samples.flatMap((sample, cycle) =>
    cycle % every === 0 ? [`M${px(x(cycle))} ${px(y(sample))}h.01`] : [],
  );
  return plot({
    height: HEIGHT,
    label: `${what} after each of ${samples.length} cycles, from ${sizeText(what, samples[0] ?? 0)} to ${sizeText(what, samples[last] ?? 0)}`,
    shapes: [
      `<path class="grid" d="M0 ${HEIGHT - BOTTOM}H${PLOT_WIDTH}"/>`,
      `<polygon class="range" points="${wedge.join(' ')}"/>`,
      `<polyline class="curve c0" points="${on(perCycle, 0)} ${on(perCycle, last)}"/>`,
      `<path class="dots" d="${dots.join('')}"/>`,
    ],
    words: [
      `<text x="0" y="10">${sizeText(what, most)}</text>`,
      word(0, HEIGHT - 6, sizeText(what, least)),
      word(1, HEIGHT - 6, `${samples.length} cycles`),
    ],
  });
}

function sizeText(what: LeakReport['what'], size: number): string {
  return what === 'memory' ? `${(size / 2 ** 20).toFixed(1)} MiB` : count(Math.round(size));
}
