import { describeOperation } from '../declare/operation.ts';
import type { Violation } from '../judge/verdict.ts';
import { clearestFirst } from './clearest.ts';
import { counterexampleText } from './counterexample-text.ts';
import {
  faultText,
  leakText,
  millis,
  percent,
  schedulesText,
  tokenCommand,
} from './figures-text.ts';
import { cut, excerpt, oneLine } from './printable.ts';
import type { Report, RunReport } from './report.ts';

/** How the text is laid out, and what it can refer to. */
export interface TextOptions {
  /** Width that the table of runs keeps to, as far as that can be. Default 100. */
  readonly columns?: number | undefined;
  /** Where the tests of counterexamples were written. */
  readonly tests?: ReadonlyMap<Violation, string> | undefined;
}

/** Lines of evidence of one violation in text; the JSON and HTML reports have more. */
const EVIDENCE_LINES = 6;
/** Kinds of violations. */
const VIOLATIONS_SHOWN = 5;
const NOTES_SHOWN = 20;
/** Of one line. */
const LINE_MAX = 240;

/** A terminal of today where nobody says how wide it is. */
const COLUMNS = 100;

/**
 * The verdicts as an aligned table, then the evidence in lines of any length. What of a store's
 * text would steer a terminal is shown instead.
 */
export function reportText(report: Report, options: TextOptions = {}): string {
  const { columns = COLUMNS, tests = new Map() } = options;
  const details = report.runs.flatMap((run) => detailsOf(run, tests));
  return `${[table(report.runs, columns), ...details, summary(report)].join('\n\n')}\n`;
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly of: (run: RunReport) => string;
}

const COLUMN_LIST: readonly Column[] = [
  { title: 'preset', isText: true, of: (run) => cut(oneLine(cut(run.name, 24)), 24) },
  { title: 'scenario', isText: true, of: (run) => cut(oneLine(cut(run.title ?? '', 23)), 23) },
  { title: 'mode', isText: true, of: (run) => run.mode },
  { title: 'wrk', of: (run) => String(run.workers) },
  { title: 'ops', of: (run) => String(run.operations) },
  { title: 'overlap', of: (run) => percent(run.overlap) },
  { title: 'peak', of: (run) => String(run.maxConcurrency) },
  { title: 'skew', of: (run) => measured(run, run.skewMs.median) },
  { title: 'p50', of: (run) => measured(run, run.latencyMs.p50) },
  { title: 'p99', of: (run) => measured(run, run.latencyMs.p99) },
  { title: 'p99.9', of: (run) => measured(run, run.latencyMs.p999) },
  { title: 'max', of: (run) => measured(run, run.latencyMs.max) },
  { title: 'verdict', isText: true, of: (run) => run.verdict },
];

/** Where the rig decides what happens when, nothing takes time. */
function measured({ mode }: RunReport, ms: number): string {
  return mode === 'interleave' ? NOTHING : millis(ms);
}

const NOTHING = '–';

/** Where there is no room, in this order. */
const FIRST_TO_GO = ['p99.9', 'max', 'skew', 'wrk', 'peak', 'p50'];

const GAP = '  ';

function table(runs: readonly RunReport[], columns: number): string {
  let shown = COLUMN_LIST.map((column) => {
    const cells = runs.map(column.of);
    const width = Math.max(column.title.length, ...cells.map((cell) => cell.length));
    return {
      ...column,
      cells: [column.title, ...cells],
      width,
      isUsed: cells.some((cell) => cell !== '' && cell !== NOTHING),
    };
  }).filter(({ isUsed }) => isUsed);
  for (const least of FIRST_TO_GO) {
    const width = shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
    if (width <= columns) break;
    shown = shown.filter(({ title }) => title !== least);
  }
  const lines = ['', ...runs].map((_, row) => {
    const cells = shown.map(({ isText, cells, width }) => {
      const cell = cells[row] ?? '';
      return isText ? cell.padEnd(width) : cell.padStart(width);
    });
    return cells.join(GAP).trimEnd();
  });
  return lines.join('\n');
}

/** Nothing for a run that went well and has nothing to say. */
function detailsOf(run: RunReport, tests: ReadonlyMap<Violation, string>): string[] {
  const head = `${oneLine(cut(run.name, LINE_MAX))} ${run.mode}`;
  const lines = [...figuresOf(run), ...run.notes.slice(0, NOTES_SHOWN).map(excerpt)];
  if (run.notes.length > NOTES_SHOWN)
    lines.push(`and ${run.notes.length - NOTES_SHOWN} more figures`);
  if (run.reason !== undefined) lines.push(`unknown: ${excerpt(run.reason)}`);
  const violations = clearestFirst(run.violations);
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) {
    lines.push(evidenceText(violation, tests.get(violation)));
  }
  const more = violations.slice(VIOLATIONS_SHOWN).reduce((sum, { alike }) => sum + alike + 1, 0);
  if (more > 0) lines.push(`and ${more} more violations`);
  const isSaid = violations.some(({ counterexample }) => {
    return counterexample?.token !== undefined && run.replay === tokenCommand(counterexample.token);
  });
  if (run.verdict !== 'ok' && !isSaid) lines.push(`again with: ${excerpt(run.replay)}`);
  return lines.length === 0 ? [] : [lines.map((line) => `${head}: ${line}`).join('\n')];
}

/** What was tried beyond running: schedules, faults, leaks. */
function figuresOf({ schedules, faults, leaks }: RunReport): string[] {
  const tried = schedules === undefined ? [] : [schedulesText(schedules)];
  return [
    ...tried,
    ...faults.map(faultText),
    ...leaks.filter(({ isLeak }) => isLeak).map(leakText),
  ];
}

/** A violation in a line, and beneath it what shows it. */
export function evidenceText(violation: Violation, test?: string): string {
  const { invariant, message, operations, repeat, alike, counterexample } = violation;
  const lines = [
    `${oneLine(cut(invariant, LINE_MAX))}: ${excerpt(message)} (repetition ${repeat + 1})`,
  ];
  if (counterexample === undefined) {
    const shown = operations.slice(0, EVIDENCE_LINES);
    lines.push(...shown.map((one) => oneLine(cut(describeOperation(one), LINE_MAX))));
    const more = operations.length - EVIDENCE_LINES;
    if (more > 0) lines.push(`and ${more} more operations`);
  } else {
    lines.push(...counterexampleText(counterexample, message).split('\n'));
    const { token } = counterexample;
    if (token !== undefined) lines.push(`replay: ${tokenCommand(token)}`);
    if (test !== undefined) lines.push(`a test that shows it again: ${test}`);
  }
  if (alike > 0) lines.push(`and ${alike} more like it`);
  return lines.join('\n  ');
}

/** `wrk` and `peak` count: workers, and operations at once. */
function summary({ runs, verdict, seed, durationMs, environment, replay }: Report): string {
  const count = (wanted: string) => runs.filter((run) => run.verdict === wanted).length;
  const operations = runs.reduce((sum, run) => sum + run.operations, 0);
  return [
    `${verdict}: ${runs.length} runs, ${count('ok')} ok, ${count('violation')} violation, ${count('unknown')} unknown; ${operations} operations in ${(durationMs / 1000).toFixed(1)} s`,
    `times in ms; node ${environment.node}, ${environment.cpus} processors, ${environment.platform}`,
    `seed ${oneLine(seed)}; again with: ${oneLine(replay)}`,
  ].join('\n');
}
