import type { Outcome } from './damage.ts';
import { memoryGrowth } from './peak-memory.ts';

/** What came of so many damaged files. */
export interface DamageReport {
  readonly tried: number;
  /** How many said the same, and how many were refused with which code. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** By how much the memory of the process has grown at one of them, at worst. */
  readonly worstMib: number;
  readonly worstMs: number;
}

/** Of the first few files: what is loaded then is not theirs. */
const WARM_UP = 10;
const WRONG_MAX = 10;

export interface Tally {
  add(what: string, run: () => Promise<Outcome>, isMeasured?: boolean): Promise<void>;
  report(): DamageReport;
}

/** Counts outcomes, and measures what each took. */
export function tally(): Tally {
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  const worst = { mib: 0, ms: 0 };
  let tried = 0;
  return {
    async add(what, run, isMeasured = true) {
      const [grown, since] = [memoryGrowth(), performance.now()];
      const outcome = await run();
      tried += 1;
      if (tried > WARM_UP && isMeasured) {
        worst.mib = Math.max(worst.mib, grown());
        worst.ms = Math.max(worst.ms, performance.now() - since);
      }
      if ('is' in outcome) outcomes[outcome.is] = (outcomes[outcome.is] ?? 0) + 1;
      else if (wrong.length < WRONG_MAX) wrong.push(`${what}: ${outcome.wrong}`);
    },
    report: () => ({ tried, outcomes, wrong, worstMib: worst.mib, worstMs: worst.ms }),
  };
}

/** Of several processes together. */
export function together(reports: readonly DamageReport[]): DamageReport {
  const outcomes: Record<string, number> = {};
  for (const [name, count] of reports.flatMap((report) => Object.entries(report.outcomes))) {
    outcomes[name] = (outcomes[name] ?? 0) + count;
  }
  return {
    tried: reports.reduce((sum, { tried }) => sum + tried, 0),
    outcomes,
    wrong: reports.flatMap(({ wrong }) => wrong),
    worstMib: Math.max(...reports.map(({ worstMib }) => worstMib)),
    worstMs: Math.max(...reports.map(({ worstMs }) => worstMs)),
  };
}
