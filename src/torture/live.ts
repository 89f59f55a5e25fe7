import type { TortureEvent } from './run-presets.ts';
import { millis, percent } from './text-report.ts';

/**
 * An event as a line for somebody who watches; undefined for those that say nothing new. Of a run
 * in progress there may be many, each in the place of the one before.
 */
export function liveLine(event: TortureEvent): { text: string; isPassing: boolean } | undefined {
  if (event.type === 'begin') {
    return { text: `${event.runs} runs, seed ${event.seed}`, isPassing: false };
  }
  if (event.type === 'run') {
    return { text: `${head(event.name, event.mode)}  ${event.title ?? ''}`, isPassing: true };
  }
  if (event.type === 'progress') {
    const { name, mode, repeat, repeats, operations, violations } = event;
    const found = violations > 0 ? `, ${violations} violations` : '';
    const text = `${head(name, mode)}  ${repeat}/${repeats}, ${operations} operations${found}`;
    return { text, isPassing: true };
  }
  if (event.type === 'end') return undefined;
  const { name, mode, verdict, operations, overlap, latencyMs, durationMs, title = '' } = event.run;
  const figures = [
    `${operations} ops`,
    `overlap ${percent(overlap)}`,
    `p99 ${millis(latencyMs.p99)} ms`,
    `${(durationMs / 1000).toFixed(1)} s`,
  ];
  const text = `${head(name, mode)}  ${verdict.padEnd(9)}  ${title.padEnd(24)}  ${figures.join(', ')}`;
  return { text, isPassing: false };
}

function head(name: string, mode: string): string {
  return `${name.padEnd(4)} ${mode.padEnd(9)}`;
}
