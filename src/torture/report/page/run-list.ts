import { millis, percent } from '../figures-text.ts';
import type { RunReport } from '../report.ts';
import { count, durationText, text } from './html-text.ts';

const HEADS = [
  ...['Clients', 'Operations', 'Overlap', 'Most at once', 'Skew, ms'],
  ...['p50, ms', 'p99', 'p99.9', 'max', 'Took'],
];

/** All runs as a table, those of one declaration together. */
export function runList(runs: readonly RunReport[]): string {
  if (runs.length < 2) return '';
  const heads = HEADS.map((head) => `<th scope="col" class="number">${head}</th>`);
  const groups = [...Map.groupBy(runs, ({ name }) => name)].map(([name, same]) => {
    const [first] = same;
    const asked =
      first?.target === undefined
        ? ''
        : ` <span class="aside">asked: ${text(first.target, 160)}</span>`;
    const title = `<b>${text(name, 80)}</b> ${text(first?.title ?? '', 120)}${asked}`;
    const head = `<tr class="group"><th scope="rowgroup" colspan="${heads.length + 2}">${title}</th></tr>`;
    return `<tbody>${head}${same.map((run) => row(run, anchorOf(runs, run))).join('')}</tbody>`;
  });
  return `<section><h2 id="runs">Runs</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="runs"><table class="runs"><thead><tr><th scope="col">Mode</th><th scope="col">Verdict</th>${heads.join('')}</tr></thead>${groups.join('')}</table></div></section>`;
}

/** Fragment of the address of a run. */
export function anchorOf(runs: readonly RunReport[], run: RunReport): string {
  return `run-${runs.indexOf(run) + 1}`;
}

function row(run: RunReport, anchor: string): string {
  const { mode, verdict, clients, operations, overlap, maxConcurrency, skewMs, latencyMs } = run;
  const { p50, p99, p999, max } = latencyMs;
  const figures = [
    ...[count(clients), count(operations), percent(overlap), count(maxConcurrency)],
    ...[skewMs.median, p50, p99, p999, max].map((ms) => (mode === 'interleave' ? '–' : millis(ms))),
    durationText(run.durationMs * 1e6),
  ];
  const cells = figures.map((shown) => `<td class="number">${shown}</td>`);
  return `<tr><th scope="row"><a href="#${anchor}">${mode}</a></th><td class="${verdict}">${verdict}</td>${cells.join('')}</tr>`;
}
