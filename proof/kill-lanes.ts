import type { Entry } from './journal.ts';
import { type KillOptions, type KillReport, runKillLoop, type Scene } from './kill-loop.ts';
import type { Count } from './tally.ts';

/** Two stores at a time, one for each core of the smallest machine. */
const LANES = 2;

/** Kill loops side by side, each with stores of its own, told as one. */
export async function runKillLanes<E extends Entry>(
  scene: Scene<E>,
  options: KillOptions,
): Promise<KillReport> {
  const kills = Object.fromEntries(
    Object.entries(options.kills).map(([role, count]) => [role, Math.ceil(count / LANES)]),
  );
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    runKillLoop(scene, {
      ...options,
      kills,
      seed: options.seed + lane,
      note: (line) => options.note?.(`lane ${lane + 1}: ${line}`),
    }),
  );
  const reports = await Promise.all(lanes);
  return reports.reduce(sum);
}

function sum(one: KillReport, other: KillReport): KillReport {
  const roles = Object.keys(one.roles).map((role) => [
    role,
    sumOfCounts(one.roles[role], other.roles[role]),
  ]);
  return {
    seed: one.seed,
    kills: one.kills + other.kills,
    inside: one.inside + other.inside,
    roles: Object.fromEntries(roles),
    acknowledged: one.acknowledged + other.acknowledged,
    happened: one.happened + other.happened,
    worstRecoveryMs: Math.max(one.worstRecoveryMs, other.worstRecoveryMs),
    violations: [...one.violations, ...other.violations],
  };
}

function sumOfCounts(one: Count | undefined, other: Count | undefined): Count {
  const inside: Record<string, number> = { ...one?.inside };
  for (const [kind, count] of Object.entries(other?.inside ?? {})) {
    inside[kind] = (inside[kind] ?? 0) + count;
  }
  return { kills: (one?.kills ?? 0) + (other?.kills ?? 0), inside };
}
