import type { FaultReport, FaultWindow } from './report.ts';

/** More windows than can be drawn say nothing more. */
const WINDOWS_MAX = 1000;

/** What several repetitions tell of the same faults. */
export function mergeFaults(reports: readonly FaultReport[]): readonly FaultReport[] {
  return [...Map.groupBy(reports, ({ fault }) => fault)].map(([fault, group]) => ({
    fault,
    armed: group.reduce((sum, { armed }) => sum + armed, 0),
    hit: group.reduce((sum, { hit }) => sum + hit, 0),
    windows: group.flatMap(({ windows }): readonly FaultWindow[] => windows).slice(0, WINDOWS_MAX),
    skipped: group.find(({ skipped }) => skipped !== undefined)?.skipped,
  }));
}
