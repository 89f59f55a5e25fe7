import { writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Report, TortureEvent, Violation } from '../../torture.ts';
import type { Call, OptionTable } from '../command.ts';

/** How a run is watched, and where its outcome goes. */
export const outcomeOptions = {
  live: { type: 'flag', help: 'Show on stderr what happens while it does' },
  json: { type: 'flag', help: 'Print the report as JSON' },
  report: { type: 'text', value: 'FILE', help: 'Also write the report as one HTML page' },
  junit: { type: 'text', value: 'FILE', help: 'Also write the verdicts as JUnit XML' },
  regression: {
    type: 'text',
    value: 'FILE',
    help: 'Also write a test that shows a violation again',
  },
  history: { type: 'text', value: 'FILE', help: 'Also write every operation, one JSON a line' },
} as const satisfies OptionTable;

export const OUTCOME_DETAILS =
  'Exit status: 0 when every verdict is ok, 1 when there is a violation, 3 when one is unknown.';

type OutcomeCall = Call<typeof outcomeOptions>;

/** Prints and writes a report as the options say; answers the exit status. */
export async function tell(call: OutcomeCall, report: Report): Promise<number> {
  const { exitStatus, htmlReport, junitReport, reportText } = await import('../../torture.ts');
  const write = (name: string | undefined, text: (report: Report) => string) => {
    if (name === undefined) return;
    const file = resolve(call.cwd, name);
    writeFileSync(file, text(report));
    call.note(`report: ${file}`);
  };
  write(call.options.report, htmlReport);
  write(call.options.junit, junitReport);
  const { history } = call.options;
  if (history !== undefined && report.runs.every(({ mode }) => mode === 'interleave')) {
    call.note('history: mode interleave writes none');
  }
  const tests = writeTests(call, report);
  const { columns } = process.stdout;
  call.out(call.options.json ? jsonText(report) : reportText(report, { columns, tests }));
  return exitStatus(report);
}

/** Each test of a counterexample to a file, whose name has a number from the second on. */
function writeTests(call: OutcomeCall, report: Report): ReadonlyMap<Violation, string> {
  const files = new Map<Violation, string>();
  const { regression } = call.options;
  if (regression === undefined) return files;
  const path = resolve(call.cwd, regression);
  for (const violation of report.runs.flatMap(({ violations }) => violations)) {
    const { counterexample } = violation;
    if (counterexample?.test === undefined) continue;
    const file = files.size === 0 ? path : numbered(path, files.size + 1);
    writeFileSync(file, counterexample.test);
    files.set(violation, file);
    call.note(`regression: ${file}`);
  }
  if (files.size === 0) call.note('regression: no violation was made into a test');
  return files;
}

/** `lost.test.ts` becomes `lost-2.test.ts`, which test runners still know for a test. */
function numbered(path: string, number: number): string {
  const [stem = '', ...extensions] = basename(path).split('.');
  return join(dirname(path), [`${stem}-${number}`, ...extensions].join('.'));
}

/** On a terminal a line of progress gives way to the next one; elsewhere there is none. */
export async function watcher(call: Call): Promise<(event: TortureEvent) => void> {
  const { liveLine } = await import('../../torture.ts');
  const { isTTY = false } = process.stderr;
  const erase = isTTY ? '\r\x1b[K' : '';
  return (event) => {
    const line = liveLine(event);
    if (line?.isPassing) {
      if (isTTY) process.stderr.write(`${erase}${line.text}`);
    } else if (line) {
      process.stderr.write(erase);
      call.note(line.text);
      void call.flush();
    }
  };
}

/** Without the buckets of the histograms and the timeline, which only a machine could read. */
function jsonText(report: Report): string {
  const runs = report.runs.map(({ histograms, timeline, corrected, ...run }) => {
    return { ...run, corrected: corrected && { latencyMs: corrected.latencyMs } };
  });
  // A store may answer big integers, for which JSON has no word.
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
  return `${JSON.stringify({ ...report, runs }, plain, 2)}\n`;
}
