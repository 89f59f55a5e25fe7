import type { RunReport, Throughput } from '../report.ts';
import { count, durationText, px } from './html-text.ts';
import { level, levelsUpTo, PLOT_WIDTH, plot, word } from './plot.ts';

const HEIGHT = 150;
const TOP = 16;
const BOTTOM = 22;
/** Share of the width that the names of levels take. */
const LEFT = 0.1;
const ROOM = PLOT_WIDTH * (1 - LEFT);

/** How much each client got done, in all and in the course of time. */
export function fairnessPart({ throughput }: RunReport): string {
  const { clients } = throughput;
  if (clients.length < 2) return '';
  const totals = clients.map((own) => own.reduce((sum, one) => sum + one, 0));
  const median = quantile(totals, 0.5);
  if (median === 0) return '';
  const slowest = totals.indexOf(Math.min(...totals));
  const quickest = totals.indexOf(Math.max(...totals));
  const isEven = slowest === quickest;
  const ratio = (client: number) => `${Math.round(((totals[client] ?? 0) / median) * 100)} %`;
  return `<section class="part"><h3>Fairness</h3>
<p>${isEven ? 'Each client did as much as every other.' : `The slowest, client ${slowest}, did ${ratio(slowest)} of the median; the quickest, client ${quickest}, ${ratio(quickest)}.`}</p>
<div class="pair">
<figure><figcaption>Operations by client</figcaption>${columns(totals, median)}</figure>
${course(throughput, isEven ? undefined : slowest)}</div></section>`;
}

function columns(totals: readonly number[], median: number): string {
  const { levels, y } = heightsUpTo(Math.max(...totals));
  const step = ROOM / totals.length;
  const bars = totals.map((total, client) => {
    const top = y(total);
    const x = px(PLOT_WIDTH * LEFT + (client + 0.18) * step);
    const width = px(step * 0.64);
    return `<rect class="k0" x="${x}" y="${px(top)}" width="${width}" height="${px(HEIGHT - BOTTOM - top)}"/>`;
  });
  const every = Math.ceil(totals.length / 16);
  const names = totals.map((_, client) =>
    client % every === 0
      ? word(LEFT + ((client + 0.5) / totals.length) * (1 - LEFT), HEIGHT - 6, String(client))
      : '',
  );
  return plot({
    height: HEIGHT,
    label: `Operations of ${totals.length} clients, from ${Math.min(...totals)} to ${Math.max(...totals)}, median ${median}`,
    shapes: [
      ...levels.map(({ shape }) => shape),
      ...bars,
      `<path class="median" d="M${PLOT_WIDTH * LEFT} ${px(y(median))}H${PLOT_WIDTH}"/>`,
    ],
    words: [...levels.map((one) => one.word), ...names],
  });
}

/** Of all clients the least, the median and the most in each stretch, and the slowest, if one is. */
function course({ binMs, clients }: Throughput, slowest: number | undefined): string {
  const { first, bins } = used(clients);
  if (bins < 3) return '';
  const at = (part: number) =>
    Array.from({ length: bins }, (_, bin) =>
      quantile(
        clients.map((own) => own[first + bin] ?? 0),
        part,
      ),
    );
  const most = at(1);
  const { levels, y } = heightsUpTo(Math.max(...most));
  const points = (values: readonly number[]) =>
    values.map(
      (value, bin) => `${px(PLOT_WIDTH * LEFT + ((bin + 0.5) / bins) * ROOM)},${px(y(value))}`,
    );
  const band = [...points(most), ...points(at(0)).reverse()].join(' ');
  const own = slowest === undefined ? [] : (clients[slowest] ?? []).slice(first, first + bins);
  const label =
    'Operations returned in each stretch of time: least, median and most of all clients';
  const ticks = [0, 0.5, 1].map((part) =>
    word(LEFT + part * (1 - LEFT), HEIGHT - 6, durationText((first + part * bins) * binMs * 1e6)),
  );
  const drawn = plot({
    height: HEIGHT,
    label,
    shapes: [
      ...levels.map(({ shape }) => shape),
      `<polygon class="range" points="${band}"/>`,
      `<polyline class="curve c0" points="${points(at(0.5)).join(' ')}"/>`,
      `<polyline class="curve c1" points="${points(own).join(' ')}"/>`,
    ],
    words: [...levels.map((one) => one.word), ...ticks],
  });
  const keys = [
    key('c0', 'median'),
    ...(slowest === undefined ? [] : [key('c1', `client ${slowest}`)]),
  ];
  return `<figure><figcaption>Each ${durationText(binMs * 1e6)} <span class="keys">${keys.join(' ')}</span></figcaption>${drawn}</figure>`;
}

function key(name: string, said: string): string {
  return `<span><svg class="key" width="18" height="10" aria-hidden="true"><path class="curve ${name}" d="M0 5h16"/></svg>${said}</span>`;
}

/** The stretches from the first to the last in which anything returned. */
function used(clients: Throughput['clients']): { readonly first: number; readonly bins: number } {
  const length = Math.max(...clients.map((own) => own.length));
  const isUsed = (bin: number) => clients.some((own) => (own[bin] ?? 0) > 0);
  const places = Array.from({ length }, (_, bin) => bin).filter(isUsed);
  const first = places[0] ?? 0;
  return { first, bins: (places.at(-1) ?? 0) - first + 1 };
}

function heightsUpTo(high: number): {
  readonly levels: readonly { readonly shape: string; readonly word: string }[];
  readonly y: (value: number) => number;
} {
  const values = levelsUpTo(high);
  const top = values.at(-1) ?? 1;
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  return { y, levels: values.map((value) => level(y(value), value === 0 ? '' : count(value))) };
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))] ?? 0;
}
