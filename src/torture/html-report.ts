import { millis, percent } from './figures-text.ts';
import { latencyChart } from './latency-chart.ts';
import { describeOperation } from './operation.ts';
import type { Report, RunReport } from './report.ts';
import { REPORT_CSS } from './report-css.ts';
import type { Violation } from './verdict.ts';

const SENTENCES = {
  ok: 'No run broke a promise of its store.',
  violation: 'A promise was broken.',
  unknown: 'Nothing was found, but not every run could have found something.',
} as const;

/** The report as one HTML page that needs nothing else: no script, no font, no network. */
export function htmlReport(report: Report): string {
  const { verdict, runs } = report;
  const title = `Holdfast torture: ${verdict}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${REPORT_CSS}</style>
</head>
<body>
<main>
${banner(report)}
${runs.some((run) => run.verdict !== 'ok') ? `<section><h2>Findings</h2>${runs.map(findings).join('')}</section>` : ''}
<section><h2>Runs</h2>${table(runs)}</section>
<section><h2>Latency</h2>${charts(runs)}</section>
${notes(runs)}
<section><h2>Environment</h2>${environment(report)}</section>
</main>
</body>
</html>
`;
}

function banner(report: Report): string {
  const { verdict, runs, durationMs, seed, replay } = report;
  const operations = runs.reduce((sum, run) => sum + run.operations, 0);
  const counts = `${runs.length} runs, ${operations.toLocaleString('en')} operations, ${(durationMs / 1000).toFixed(1)} s`;
  return `<header class="banner ${verdict}">
<p class="verdict">${verdict}</p>
<p>${SENTENCES[verdict]} ${counts}. A run on real processors shows what it met, and is no proof of the rest.</p>
<p>Seed <code>${text(seed)}</code>, again with <code>${text(replay)}</code></p>
</header>`;
}

const HEADS = [
  ...['Preset', 'Scenario', 'Mode', 'Verdict', 'Workers', 'Clients', 'Operations', 'Overlap'],
  ...['Most at once', 'Skew', 'p50', 'p90', 'p99', 'p99.9', 'max', 'The seed asked'],
];

function table(runs: readonly RunReport[]): string {
  const rows = runs.map((run) => {
    const { p50, p90, p99, p999, max } = run.latencyMs;
    const cells = [
      `<th scope="row">${text(run.name)}</th>`,
      `<td>${text(run.title ?? '')}</td>`,
      `<td>${run.mode}</td>`,
      `<td><span class="badge ${run.verdict}">${run.verdict}</span></td>`,
      ...[run.workers, run.clients, run.operations].map((count) => number(String(count))),
      number(percent(run.overlap)),
      number(String(run.maxConcurrency)),
      ...[run.skewMs.median, p50, p90, p99, p999, max].map((ms) => number(millis(ms))),
      `<td>${text(run.target ?? '')}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  const heads = HEADS.map((head) => `<th scope="col">${head}</th>`).join('');
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="hint">Skew and latency in milliseconds. Overlap: operations that were in flight together with one of another client.</p>`;
}

function number(shown: string): string {
  return `<td class="number">${shown}</td>`;
}

function charts(runs: readonly RunReport[]): string {
  const byName = Map.groupBy(runs, (run) => run.name);
  const figures = [...byName.values()].map((same) => {
    const [first] = same;
    const keys = same.map(({ mode }, index) => `<span class="key c${index}">${mode}</span>`);
    return `<figure><figcaption><b>${text(first?.name ?? '')}</b> ${text(first?.title ?? '')} ${keys.join(' ')}</figcaption>${latencyChart(same)}</figure>`;
  });
  return `<div class="charts">${figures.join('')}</div>`;
}

function findings(run: RunReport): string {
  if (run.verdict === 'ok') return '';
  const reason = run.reason === undefined ? '' : `<pre>${text(run.reason)}</pre>`;
  return `<article class="${run.verdict}"><h3>${text(run.name)} ${run.mode} <span class="badge ${run.verdict}">${run.verdict}</span></h3>
${reason}${run.violations.map(evidence).join('')}
<p>Again with <code>${text(run.replay)}</code></p></article>`;
}

function evidence({ invariant, message, operations, repeat, alike }: Violation): string {
  const lines = operations.map((operation) => text(describeOperation(operation)));
  const shown = lines.length === 0 ? '' : `<pre>${lines.join('\n')}</pre>`;
  const more = alike === 0 ? '' : `<p class="hint">and ${alike} more like it</p>`;
  return `<h4>${text(invariant)}</h4><p class="message">${text(message)} (repetition ${repeat + 1})</p>${shown}${more}`;
}

function notes(runs: readonly RunReport[]): string {
  const items = runs.flatMap((run) =>
    run.notes.map((note) => `<li><b>${text(run.name)} ${run.mode}</b> ${text(note)}</li>`),
  );
  return items.length === 0 ? '' : `<section><h2>Figures</h2><ul>${items.join('')}</ul></section>`;
}

function environment({ environment: found, startedAt, seed }: Report): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Begun', new Date(startedAt).toISOString()],
    ['Seed', seed],
    ['Node', found.node],
    ['SQLite', found.sqlite ?? 'none'],
    ['Platform', found.platform],
    ['Processors', `${found.cpus} × ${found.cpu}`],
    ['Memory', `${(found.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${text(value)}</dd>`).join('')}</dl>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function text(raw: string): string {
  return raw.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}
