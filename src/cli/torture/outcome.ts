import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Report, TortureEvent } from '../../torture.ts';
import type { Call, OptionTable } from '../command.ts';

/** How a run is watched, and where its outcome goes. */
export const outcomeOptions = {
  live: { type: 'flag', help: 'Show on stderr what happens while it does' },
  json: { type: 'flag', help: 'Print the report as JSON' },
  report: { type: 'text', value: 'FILE', help: 'Also write the report as one HTML page' },
  history: { type: 'text', value: 'FILE', help: 'Also write every operation, one JSON a line' },
} as const satisfies OptionTable;

export const OUTCOME_DETAILS =
  'Exit status: 0 when every verdict is ok, 1 when there is a violation, 3 when one is unknown.';

/** Prints and writes a report as the options say; answers the exit status. */
export async function tell(call: Call<typeof outcomeOptions>, report: Report): Promise<number> {
  const { exitStatus, htmlReport, reportText } = await import('../../torture.ts');
  if (call.options.report !== undefined) {
    const file = resolve(call.cwd, call.options.report);
    writeFileSync(file, htmlReport(report));
    call.note(`report: ${file}`);
  }
  call.out(call.options.json ? jsonText(report) : reportText(report));
  return exitStatus(report);
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

/** Without the buckets of the histograms, which only a machine could read. */
function jsonText(report: Report): string {
  const runs = report.runs.map(({ histograms, ...run }) => run);
  return `${JSON.stringify({ ...report, runs }, null, 2)}\n`;
}
