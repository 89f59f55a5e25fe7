import { clearestFirst } from '../clearest.ts';
import { tokenCommand } from '../figures-text.ts';
import type { Report, RunReport } from '../report.ts';
import { command } from './command.ts';
import { count, durationText, text } from './html-text.ts';
import { anchorOf } from './run-list.ts';

const SENTENCES = {
  ok: 'No run broke a promise of its store.',
  violation: 'A promise was broken.',
  unknown: 'Nothing wrong was seen, but not every run could have seen it.',
} as const;

/** Runs that the top of the page names. */
const HEADLINES_MAX = 6;

/** What became of it all, and how to see it again. */
export function banner(report: Report): string {
  const { verdict, runs, durationMs, startedAt, replay } = report;
  const operations = runs.reduce((sum, run) => sum + run.operations, 0);
  const good = runs.filter((run) => run.verdict === 'ok').length;
  const figures = [
    `${count(good)} of ${count(runs.length)} runs ok`,
    `${count(operations)} operations`,
    durationText(durationMs * 1e6),
    new Date(startedAt).toISOString().slice(0, 16).replace('T', ' '),
  ];
  const token = runs
    .flatMap(({ violations }) => clearestFirst(violations))
    .find(({ counterexample }) => counterexample?.token !== undefined)?.counterexample?.token;
  return `<header>
<p class="brand">Holdfast torture</p>
<h1 class="${verdict}">${verdict}</h1>
<p class="lead">${SENTENCES[verdict]}</p>
<p class="aside">${figures.join(' · ')}</p>
${headlines(runs)}
${token === undefined ? '' : command('Replay the violation', tokenCommand(token))}
${command(token === undefined ? 'Replay' : 'Run all again', replay)}
<p class="aside">${honesty(runs)}</p>
</header>`;
}

function honesty(runs: readonly RunReport[]): string {
  const isSimulated = runs.some(({ mode }) => mode === 'interleave');
  const isReal = runs.some(({ mode }) => mode !== 'interleave');
  return [
    ...(isReal
      ? [
          'The seed draws the same inputs; how real workers interleave is up to the machine. What such a run met it shows, and it is no proof of the rest.',
        ]
      : []),
    ...(isSimulated ? ['In mode interleave the seed decides everything.'] : []),
  ].join(' ');
}

/** In each run that is not ok the finding that is clearest. */
function headlines(runs: readonly RunReport[]): string {
  const bad = runs.filter(({ verdict }) => verdict !== 'ok');
  if (bad.length === 0) return '';
  const rank = ({ verdict }: RunReport) => (verdict === 'violation' ? 0 : 1);
  const ordered = bad.toSorted((a, b) => rank(a) - rank(b));
  const items = ordered.slice(0, HEADLINES_MAX).map((run) => {
    const [clearest] = clearestFirst(run.violations);
    const said = clearest?.counterexample?.sentence ?? clearest?.message ?? run.reason ?? '';
    const rule = clearest === undefined ? 'unknown' : clearest.invariant;
    const [line = ''] = said.split('\n');
    return `<li><a href="#${anchorOf(runs, run)}">${titleOf(run)}</a> <span class="aside">${text(rule, 80)}</span><br>${text(line, 240)}</li>`;
  });
  const more = ordered.length - items.length;
  if (more > 0) items.push(`<li class="aside">and ${count(more)} more runs, below</li>`);
  return `<ul class="headlines">${items.join('')}</ul>`;
}

function titleOf({ name, title, mode }: RunReport): string {
  return `${text(title === undefined ? name : `${name} ${title}`, 160)}, ${mode}`;
}
