import { type PoolSet, type Report, runPresets, type Verdict } from '../../src/torture.ts';

/** A store, its twin or its original, and the presets that judge it. */
export interface TwinCase {
  /** Name of a module beside this one. */
  readonly twin: string;
  readonly presets: readonly string[];
  /** What every run must come to. */
  readonly verdict: Verdict;
}

export const twinCases: readonly TwinCase[] = [
  { twin: 'plan-outside', presets: ['P1', 'P5', 'PL'], verdict: 'violation' },
  { twin: 'group-without-savepoint', presets: ['P8', 'PL'], verdict: 'violation' },
  { twin: 'checked-not-inserted', presets: ['P1', 'P5', 'PL'], verdict: 'violation' },
  { twin: 'honest', presets: ['P1', 'P5', 'P8', 'PL'], verdict: 'ok' },
  { twin: 'vault/lost-rotation', presets: ['K3', 'KL'], verdict: 'violation' },
  { twin: 'vault/stale-revoke', presets: ['K1', 'K5'], verdict: 'violation' },
  { twin: 'vault/create-in-two-steps', presets: ['K5'], verdict: 'violation' },
  { twin: 'vault/honest', presets: ['K1', 'K3', 'K5', 'KL'], verdict: 'ok' },
  { twin: 'tasks/lost-registration', presets: ['T1'], verdict: 'violation' },
  { twin: 'tasks/claimed-in-two-steps', presets: ['T3', 'TL'], verdict: 'violation' },
  { twin: 'tasks/unfenced-replace', presets: ['T3'], verdict: 'violation' },
  { twin: 'tasks/told-afterwards', presets: ['T4'], verdict: 'violation' },
  { twin: 'tasks/listened-too-late', presets: ['T4'], verdict: 'violation' },
  { twin: 'tasks/late-flush', presets: ['T4', 'TL'], verdict: 'violation' },
  { twin: 'tasks/lost-twice', presets: ['T4'], verdict: 'violation' },
  { twin: 'tasks/honest', presets: ['T1', 'T3', 'T4', 'TL'], verdict: 'ok' },
];

/** How often each preset came to the verdict that it must come to. */
export interface TwinCount extends TwinCase {
  readonly seeds: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs the presets of a twin with the seeds 1, 2, … Each run ends at its first violation. */
export async function countVerdicts(
  twinCase: TwinCase,
  seeds: number,
  pools: PoolSet,
): Promise<TwinCount> {
  const counts = Object.fromEntries(twinCase.presets.map((preset) => [preset, 0]));
  for (let seed = 1; seed <= seeds; seed += 1) {
    for (const run of (await runTwin(twinCase, seed, pools)).runs) {
      if (run.verdict === twinCase.verdict) counts[run.name] = (counts[run.name] ?? 0) + 1;
    }
  }
  return { ...twinCase, seeds, counts };
}

/** One seed of it, in threads. */
export function runTwin(
  { twin, presets }: Pick<TwinCase, 'twin' | 'presets'>,
  seed: number,
  pools: PoolSet,
): Promise<Report> {
  const subject = new URL(`./${twin}.ts`, import.meta.url).href;
  return runPresets({
    presets,
    modes: ['threads'],
    subject,
    seed: String(seed),
    bails: true,
    pools,
  });
}
