import { clearestFirst } from '../clearest.ts';
import { percent } from '../figures-text.ts';
import type { RunReport, Schedules } from '../report.ts';
import { command } from './command.ts';
import { coveragePart } from './coverage.ts';
import { fairnessPart } from './fairness.ts';
import { finding, messageOf } from './finding.ts';
import { count, durationText, text } from './html-text.ts';
import { latencyPart } from './latency.ts';
import { leakPart } from './leak-part.ts';
import { timelineFigure } from './timeline-figure.ts';

/** Kinds of violations of one run before the reader asks for the rest. */
const VIOLATIONS_SHOWN = 4;
const NOTES_SHOWN = 20;

/** How much of the page a run may have. */
export interface RunRoom {
  readonly anchor: string;
  readonly isOpen: boolean;
  /** Whether the page says elsewhere how to run it again. */
  readonly isOnly: boolean;
  /** Operations on its timeline. */
  readonly marksMax: number;
}

/** One run with all there is to say of it. */
export function runSection(run: RunReport, room: RunRoom): string {
  const { anchor, isOpen, isOnly, marksMax } = room;
  const { name, title, mode, verdict, reason, violations } = run;
  const heading = `<h2>${text(name, 80)} <span>${text(title ?? '', 120)}</span> <span class="mode">${mode}</span> <span class="${verdict}">${verdict}</span></h2>`;
  const found = clearestFirst(violations).map(finding);
  const rest = found.slice(VIOLATIONS_SHOWN);
  const more =
    rest.length === 0
      ? ''
      : `<details><summary>${rest.length} more kinds of violations</summary>${rest.join('')}</details>`;
  return `<details class="run" id="${anchor}"${isOpen ? ' open' : ''}><summary>${heading}</summary>
${facts(run)}
${reason === undefined ? '' : messageOf(reason)}${found.slice(0, VIOLATIONS_SHOWN).join('')}${more}
${drawnTimes(run, marksMax)}
${coveragePart(run)}
${leakPart(run)}
${notes(run)}
${isOnly ? '' : command('Replay this run', run.replay)}
</details>`;
}

function facts(run: RunReport): string {
  const { outcomes, operations, clients, workers, repeats, overlap, schedules } = run;
  const others = [
    ...(outcomes.fail > 0 ? [`${count(outcomes.fail)} failed`] : []),
    ...(outcomes.info > 0 ? [`${count(outcomes.info)} unknown`] : []),
  ];
  const rows: readonly Fact[] = [
    ['Operations', count(operations), others.join(', ')],
    ['Clients', count(clients), `on ${count(workers)} ${workers === 1 ? 'worker' : 'workers'}`],
    ['Repetitions', count(repeats), `in ${durationText(run.durationMs * 1e6)}`],
    ['Overlapping', percent(overlap), `at most ${count(run.maxConcurrency)} at once`],
    ...(run.mode === 'interleave' ? [] : timesOf(run)),
    ...(schedules === undefined ? [] : schedulesOf(schedules)),
  ];
  const items = rows.map(
    ([name, value, more]) =>
      `<div><dt>${name}</dt><dd>${value}</dd><dd class="aside">${text(more, 80)}</dd></div>`,
  );
  return `<dl class="facts">${items.join('')}</dl>`;
}

/** Where the rig decides what happens when, each schedule begins anew, and nothing takes time. */
function drawnTimes(run: RunReport, marksMax: number): string {
  if (run.mode === 'interleave') return '';
  return [timelineFigure(run, marksMax), latencyPart(run), fairnessPart(run)].join('\n');
}

type Fact = readonly [name: string, value: string, more: string];

function timesOf({ skewMs, latencyMs, target }: RunReport): Fact[] {
  const asked = target === undefined ? '' : `asked: ${target}`;
  return [
    ['Skew', durationText(skewMs.median * 1e6), `at most ${durationText(skewMs.max * 1e6)}`],
    ['p99', durationText(latencyMs.p99 * 1e6), asked],
  ];
}

function schedulesOf({ tried, isExhaustive, points, perSecond }: Schedules): Fact[] {
  const all = isExhaustive ? 'all within the bounds' : 'of many more';
  return [
    ['Schedules', count(tried), all],
    ['Longest', `${count(points)} steps`, `${count(Math.round(perSecond))} schedules a second`],
  ];
}

function notes({ notes: said }: RunReport): string {
  if (said.length === 0) return '';
  const items = said.slice(0, NOTES_SHOWN).map((note) => `<li>${text(note, 400)}</li>`);
  const rest = said.length - items.length;
  if (rest > 0) items.push(`<li>and ${count(rest)} more</li>`);
  return `<section class="part"><h3>Figures</h3><ul>${items.join('')}</ul></section>`;
}
