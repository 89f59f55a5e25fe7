import { describeOperation } from './operation.ts';
import type { Report, RunReport } from './report.ts';
import type { Violation } from './verdict.ts';

/** Lines of evidence of one violation in text; the JSON and HTML reports have more. */
const EVIDENCE_LINES = 6;
/** Kinds of violations. */
const VIOLATIONS_SHOWN = 5;

/** The verdicts as an aligned table of at most 100 columns, then the evidence. */
export function reportText(report: Report): string {
  const parts = [table(report.runs), ...report.runs.flatMap(detailsOf), summary(report)];
  return `${parts.join('\n\n')}\n`;
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly of: (run: RunReport) => string;
}

const columns: readonly Column[] = [
  { title: 'preset', isText: true, of: (run) => cut(run.name, 12) },
  { title: 'scenario', isText: true, of: (run) => cut(run.title ?? '', 23) },
  { title: 'mode', isText: true, of: (run) => run.mode },
  { title: 'wrk', of: (run) => String(run.workers) },
  { title: 'ops', of: (run) => String(run.operations) },
  { title: 'overlap', of: (run) => percent(run.overlap) },
  { title: 'max', of: (run) => String(run.maxConcurrency) },
  { title: 'skew', of: (run) => millis(run.skewMs.median) },
  { title: 'p50', of: (run) => millis(run.latencyMs.p50) },
  { title: 'p99', of: (run) => millis(run.latencyMs.p99) },
  { title: 'verdict', isText: true, of: (run) => run.verdict },
];

function table(runs: readonly RunReport[]): string {
  const rows = [
    columns.map(({ title }) => title),
    ...runs.map((run) => columns.map((c) => c.of(run))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          return columns[at]?.isText ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Nothing for a run that went well and has nothing to say. */
function detailsOf(run: RunReport): string[] {
  const head = `${run.name} ${run.mode}`;
  const notes = run.notes.map((note) => `${head}: ${note}`);
  const lines = run.reason === undefined ? notes : [...notes, `${head}: unknown: ${run.reason}`];
  for (const violation of run.violations.slice(0, VIOLATIONS_SHOWN)) {
    lines.push(...evidenceOf(violation).map((line, at) => (at === 0 ? `${head}: ${line}` : line)));
  }
  const more = run.violations
    .slice(VIOLATIONS_SHOWN)
    .reduce((sum, { alike }) => sum + alike + 1, 0);
  if (more > 0) lines.push(`${head}: and ${more} more violations`);
  if (run.verdict !== 'ok') lines.push(`${head}: again with: ${run.replay}`);
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** A violation in a line, and what shows it in more. */
function evidenceOf({ invariant, message, operations, repeat, alike }: Violation): string[] {
  const shown = operations.slice(0, EVIDENCE_LINES).map((one) => `  ${describeOperation(one)}`);
  const more = operations.length - EVIDENCE_LINES;
  if (more > 0) shown.push(`  and ${more} more operations`);
  if (alike > 0) shown.push(`  and ${alike} more like it`);
  return [`${invariant}: ${message} (repetition ${repeat + 1})`, ...shown];
}

/** `wrk` and `max` count; times are in milliseconds. */
function summary({ runs, verdict, seed, durationMs, environment, replay }: Report): string {
  const count = (wanted: string) => runs.filter((run) => run.verdict === wanted).length;
  const operations = runs.reduce((sum, run) => sum + run.operations, 0);
  return [
    `${verdict}: ${runs.length} runs, ${count('ok')} ok, ${count('violation')} violation, ${count('unknown')} unknown; ${operations} operations in ${(durationMs / 1000).toFixed(1)} s`,
    `times in ms; node ${environment.node}, ${environment.cpus} processors, ${environment.platform}`,
    `seed ${seed}; again with: ${replay}`,
  ].join('\n');
}

/** `12.3` of milliseconds, with as many digits as say something. */
export function millis(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms.toFixed(ms >= 10 ? 1 : 2);
}

export function percent(fraction: number): string {
  // Rounded down: 100 % means every single one.
  return `${Math.floor(fraction * 100)} %`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
