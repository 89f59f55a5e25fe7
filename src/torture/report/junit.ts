import { schedulesText } from './figures-text.ts';
import { cut, oneLine, printable } from './printable.ts';
import type { Report, RunReport } from './report.ts';
import { evidenceText } from './text-report.ts';

/** Of one message, and of all that explains one run: what readers of such files still show. */
const MESSAGE_MAX = 400;
const BODY_MAX = 60_000;

/**
 * The report in the XML that continuous integration reads: a suite, and in it a test case for each
 * run, whose class is the declaration and whose name is the mode. A violation is a `failure`. An
 * unknown is an `error`: a test that could not show what it was asked for has not passed, and a
 * `skipped` would be shown as if all were well. Times are in seconds. What XML 1.0 has no character
 * for stands as its code.
 */
export function junitReport(report: Report): string {
  const { runs, seed, replay, durationMs, startedAt, environment } = report;
  const count = (verdict: RunReport['verdict']) =>
    runs.filter((run) => run.verdict === verdict).length;
  const counts = { tests: runs.length, failures: count('violation'), errors: count('unknown') };
  const time = seconds(durationMs);
  const suite = {
    name: 'holdfast torture',
    ...counts,
    ...{ skipped: 0, time, timestamp: new Date(startedAt).toISOString().slice(0, 19) },
  };
  const known = {
    ...{ seed, replay, node: environment.node, platform: environment.platform },
    processors: `${environment.cpus} × ${environment.cpu}`,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${attributes({ name: 'holdfast torture', ...counts, time })}>
<testsuite${attributes(suite)}>
${properties(known)}
${runs.map(testCase).join('\n')}
</testsuite>
</testsuites>
`;
}

function testCase(run: RunReport): string {
  const { name, title, mode, durationMs, notes, seed, replay } = run;
  const head = attributes({ classname: name, name: mode, time: seconds(durationMs) });
  const figures = [
    ...(title === undefined ? [] : [title]),
    `${run.operations} operations of ${run.clients} clients, ${Math.floor(run.overlap * 100)} % of them overlapping, at most ${run.maxConcurrency} at once`,
    ...(run.schedules === undefined ? [] : [schedulesText(run.schedules)]),
    ...notes,
  ];
  const said = `<system-out>${content(figures.join('\n'))}</system-out>`;
  return `<testcase${head}>${properties({ seed, replay })}${outcome(run)}${said}</testcase>`;
}

function outcome({ verdict, violations, reason = '', replay }: RunReport): string {
  if (verdict === 'ok') return '';
  const again = `again with: ${replay}`;
  if (verdict === 'unknown') {
    const head = attributes({ message: cut(reason, MESSAGE_MAX), type: 'unknown' });
    return `<error${head}>${content(`${cut(reason, BODY_MAX)}\n${again}`)}</error>`;
  }
  const [first] = violations;
  const message = first === undefined ? '' : `${first.invariant}: ${first.message}`;
  const head = attributes({ message: cut(message, MESSAGE_MAX), type: first?.invariant ?? '' });
  const body = violations.map((violation) => evidenceText(violation)).join('\n\n');
  return `<failure${head}>${content(`${cut(body, BODY_MAX)}\n\n${again}`)}</failure>`;
}

function properties(values: Readonly<Record<string, string>>): string {
  const items = Object.entries(values).map(
    ([name, value]) => `<property${attributes({ name, value })}/>`,
  );
  return `<properties>${items.join('')}</properties>`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  const items = Object.entries(values).map(([name, value]) => {
    const shown = cut(oneLine(cut(String(value), BODY_MAX)), BODY_MAX);
    return ` ${name}="${escaped(shown)}"`;
  });
  return items.join('');
}

function content(text: string): string {
  return escaped(printable(text));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Its end is the end of `]]>`, which text may not have.
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
