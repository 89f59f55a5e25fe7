import type { TortureEvent } from '../run/series.ts';
import { clearestFirst } from './clearest.ts';
import { millis, percent } from './figures-text.ts';
import { cut, oneLine } from './printable.ts';
import type { RunReport } from './report.ts';

/** Least width of a terminal as a rule, without the last column, where some wrap already. */
const COLUMNS = 79;

/**
 * An event as text for somebody who watches; undefined for those that say nothing new. Of a run
 * in progress there may be many, each in the place of the one before: those keep to 79 columns, so
 * that they can be erased.
 */
export function liveLine(event: TortureEvent): { text: string; isPassing: boolean } | undefined {
  if (event.type === 'begin') {
    return { text: `${event.runs} runs, seed ${oneLine(event.seed)}`, isPassing: false };
  }
  if (event.type === 'run') return passing(`${head(event)}  ${event.title ?? ''}`);
  if (event.type === 'progress') {
    const { repeat, repeats, operations, violations } = event;
    const found = violations > 0 ? `, ${violations} violations` : '';
    return passing(`${head(event)}  ${repeat}/${repeats}, ${operations} operations${found}`);
  }
  if (event.type === 'verdict') return { text: verdictText(event.run), isPassing: false };
  return undefined;
}

function passing(text: string): { text: string; isPassing: boolean } {
  return { text: cut(oneLine(text), COLUMNS), isPassing: true };
}

/** What became of a run, and beneath it what a run that is not ok has to say first. */
function verdictText(run: RunReport): string {
  const { mode, verdict, operations, overlap, latencyMs, durationMs, title = '' } = run;
  const figures = [
    `${operations} ops`,
    `overlap ${percent(overlap)}`,
    ...(mode === 'interleave' ? [] : [`p99 ${millis(latencyMs.p99)} ms`]),
    `${(durationMs / 1000).toFixed(1)} s`,
  ];
  const name = cut(title, 24).padEnd(24);
  const line = `${head(run)}  ${verdict.padEnd(9)}  ${name}  ${figures.join(', ')}`;
  const [clearest] = clearestFirst(run.violations);
  const { invariant, counterexample, message } = clearest ?? { invariant: '' };
  const why = clearest ? `${invariant}: ${counterexample?.sentence ?? message}` : run.reason;
  const lines = why === undefined ? [line] : [line, `  ${cut(why.split('\n')[0] ?? '', 200)}`];
  return lines.map(oneLine).join('\n');
}

function head({ name, mode }: { readonly name: string; readonly mode: string }): string {
  return `${cut(name, 24).padEnd(4)} ${mode.padEnd(10)}`;
}
