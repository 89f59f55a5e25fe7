import type { Section } from '../section.ts';
import { sumOf } from '../tally.ts';
import { PROCESSES, runRounds } from './rounds.ts';
import { runStorm, type StormReport } from './storm.ts';

/** At least so many of the kills must hit inside an operation. */
const INSIDE = 0.3;
/** How long a dead owner's jobs may seem to go on, and how much progress may go with it. */
const LOST_MS = 1000;
const LOSS_MS = 300;
const JOINS = 12;

/** Kills for so long, and so many rounds of processes that open the same new store. */
export async function tasksProof(
  { durationMs, rounds }: { readonly durationMs: number; readonly rounds: number },
  seed: number,
  note: (line: string) => void,
): Promise<Section> {
  const report = await runStorm({ durationMs, seed, joins: JOINS, note });
  const faults = await runRounds(rounds, note);
  const violations = [...report.violations, ...beyond(report), ...faults];
  return { ok: violations.length === 0, text: textOf(report, durationMs, rounds, violations) };
}

/** What is over its limit; `slack`: so many times over, where it is the worst of many. */
export function beyond(
  { kills, inside, lostAfterMs, lossMs }: StormReport,
  slack = 1,
): readonly string[] {
  const found: string[] = [];
  const share = sumOf(inside) / Math.max(1, kills);
  if (share < INSIDE) found.push(`${percent(share)} of the kills hit inside an operation`);
  const isOver = (values: readonly number[], limit: number) =>
    quantile(values, 0.5) > limit || quantile(values, 1) > slack * limit;
  if (isOver(lostAfterMs, LOST_MS)) found.push(`owners were lost after ${figures(lostAfterMs)}`);
  if (isOver(lossMs, LOSS_MS)) found.push(`progress of ${figures(lossMs)} went with a process`);
  return found;
}

function textOf(
  report: StormReport,
  durationMs: number,
  rounds: number,
  violations: readonly string[],
): string {
  const { seed, kills, asked, inside, acknowledged, events, lostJobs, lostAfterMs, lossMs } =
    report;
  const rows = Object.entries(inside).toSorted(([, one], [, other]) => other - one);
  return [
    `Seed ${seed}. 6 processes ran random jobs for ${durationMs / 1000} s; one was killed every 50 to 500 ms, ${kills} in all, ` +
      `and another took its place. ${asked} were asked to end and called process.exit, the others were killed by SIGKILL. ${sumOf(inside)} (${percent(sumOf(inside) / kills)}) hit inside an operation:`,
    '',
    '| inside | kills |',
    '|---|---|',
    ...rows.map(([kind, count]) => `| ${kind} | ${count} |`),
    '',
    `${events} events without a gap, each after its cause, those of each task numbered 1, 2, 3, …; every task ended once. ` +
      `${acknowledged} operations had been acknowledged by the killed; each is in the log. ` +
      `The log makes the table that is in the file, and so do ${JOINS} subscriptions that began at random moments, and one in another process. ` +
      'SQLite found the file intact.',
    '',
    `${lostJobs} jobs of dead owners were lost, each owner's within ${figures(lostAfterMs)} of the kill; none while its process lived. ` +
      `What the killed had counted last and is in no file is of the last ${figures(lossMs)}.`,
    '',
    `${rounds} rounds in which ${PROCESSES} processes opened the same new store at once: one database, a job of each; ` +
      'of an id that all wanted one had it and nine got CONFLICT; of an id that each took over there were ten generations in the order of commits, and nine handles were detached.',
    ...violations.map((violation) => `- VIOLATION ${violation}`),
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function figures(values: readonly number[]): string {
  const [half, most, all] = [0.5, 0.99, 1].map((share) => quantile(values, share));
  return `${half} ms (median; 99 %: ${most}, worst: ${all})`;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}
