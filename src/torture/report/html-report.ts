import { createHash } from 'node:crypto';
import { banner } from './page/banner.ts';
import { text } from './page/html-text.ts';
import { PAGE_CSS } from './page/page-css.ts';
import { PAGE_SCRIPT } from './page/page-script.ts';
import { anchorOf, runList } from './page/run-list.ts';
import { runSection } from './page/run-section.ts';
import type { Report } from './report.ts';

/** Operations on all timelines together: about ten bytes each. */
const MARKS_MAX = 250_000;
/** With so many runs or fewer all of them are unfolded. */
const OPEN_MAX = 2;

/**
 * The report as one HTML page that needs nothing else: no font, no network, and a policy that allows
 * neither, nor any script but its own, which nobody needs to read it. What a store said stands as
 * text, and what could be long is cut.
 */
export function htmlReport(report: Report): string {
  const { verdict, runs } = report;
  const marksMax = Math.floor(MARKS_MAX / Math.max(1, runs.length));
  const isOnly = runs.length === 1;
  const sections = runs.map((run) => {
    const isOpen = runs.length <= OPEN_MAX || run.verdict !== 'ok';
    return runSection(run, { anchor: anchorOf(runs, run), isOpen, isOnly, marksMax });
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${verdict} – Holdfast torture</title>
<link rel="icon" href="data:,">
<style>${PAGE_CSS}</style>
</head>
<body>
<main>
${banner(report)}
${runList(runs)}
${sections.join('\n')}
<section><h2>Environment</h2>${environment(report)}</section>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(PAGE_CSS)}'`,
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  // The icon, which is empty, so that none is asked for.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

function environment({ environment: found, startedAt, seed }: Report): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Seed', seed],
    ['Begun', new Date(startedAt).toISOString()],
    ['Node', found.node],
    ['SQLite', found.sqlite ?? 'none'],
    ['Platform', found.platform],
    ['Processors', `${found.cpus} × ${found.cpu}`],
    ['Memory', `${(found.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
  ];
  const items = rows.map(([name, value]) => `<dt>${name}</dt><dd>${text(value)}</dd>`);
  return `<dl class="about">${items.join('')}</dl>`;
}
