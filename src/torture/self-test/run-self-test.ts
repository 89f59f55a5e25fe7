import { type AnyDeclared, importDeclaration } from '../declare/declaration.ts';
import { freshSeed } from '../declare/random.ts';
import type { Verdict } from '../judge/verdict.ts';
import { PoolSet } from '../run/pool-set.ts';
import { moduleExtension } from '../run/protocol.ts';
import { runTorture } from '../run/run-torture.ts';
import { type Pair, pairs } from './pairs.ts';

export interface SelfTestOptions {
  /** How often each pair is run, with a seed of its own each time. Default 3. */
  readonly seeds?: number | undefined;
  /** The first of them; fresh by default. */
  readonly seed?: string | undefined;
  /** Names of mistakes; all by default. */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each mistake when it is done. */
  readonly onResult?: ((result: SelfTestResult) => void) | undefined;
}

/** What became of one mistake. */
export interface SelfTestResult {
  readonly name: string;
  /** The promise that its twin breaks. */
  readonly promise: string;
  readonly runs: number;
  /** Runs in which the twin was blamed for that promise. */
  readonly caught: number;
  /** Runs in which the original was blamed for anything, or could not be called ok. */
  readonly blamed: number;
  /** Where one of these went wrong, how to see it again and what came out. */
  readonly complaints: readonly string[];
  readonly durationMs: number;
}

/**
 * Runs stores with a mistake and without: each mistake must be found, and nothing found in the
 * originals.
 */
export async function runSelfTest(
  options: SelfTestOptions = {},
): Promise<readonly SelfTestResult[]> {
  const { only, onResult } = options;
  await using pools = new PoolSet();
  const results: SelfTestResult[] = [];
  for (const pair of pairs.filter(({ name }) => only?.includes(name) ?? true)) {
    const result = await runPair(pair, options, pools);
    results.push(result);
    onResult?.(result);
  }
  return results;
}

/** Names of the mistakes, in the order in which they are run. */
export const mistakes: readonly string[] = pairs.map(({ name }) => name);

async function runPair(
  pair: Pair,
  options: SelfTestOptions,
  pools: PoolSet,
): Promise<SelfTestResult> {
  const { seeds = 3, seed = freshSeed(), signal } = options;
  const startedAt = performance.now();
  const original = await load(pair.name);
  const twin = await load(`${pair.name}.twin`);
  const complaints: string[] = [];
  let [caught, blamed] = [0, 0];
  for (let run = 0; run < seeds; run += 1) {
    const settled = { ...pair.options, seed: `${seed}-${run}`, pools, signal };
    const broken = await judgement(twin, settled);
    if (broken.broke.includes(pair.promise)) caught += 1;
    else complaints.push(`the twin was ${broken.text} (seed ${settled.seed})`);
    const sound = await judgement(original, settled);
    if (sound.verdict === 'ok') continue;
    blamed += 1;
    complaints.push(`the original was ${sound.text} (seed ${settled.seed})`);
  }
  const { name, promise } = pair;
  const durationMs = performance.now() - startedAt;
  return { name, promise, runs: seeds, caught, blamed, complaints, durationMs };
}

async function judgement(
  declared: AnyDeclared,
  options: Parameters<typeof runTorture>[1],
): Promise<{
  readonly verdict: Verdict;
  readonly broke: readonly string[];
  readonly text: string;
}> {
  const { verdict, runs } = await runTorture(declared, options);
  const violations = runs.flatMap((run) => run.violations);
  const reasons = [
    ...violations.map(({ message }) => message),
    ...runs.map(({ reason }) => reason),
  ];
  return {
    verdict,
    broke: violations.map(({ invariant }) => invariant),
    text: [verdict, ...reasons.filter(Boolean)].join(': '),
  };
}

function load(name: string): Promise<AnyDeclared> {
  return importDeclaration(new URL(`./${name}.${moduleExtension}`, import.meta.url).href);
}
