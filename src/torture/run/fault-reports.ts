import type { Mode } from '../declare/plan.ts';
import type { Fault } from '../faults/fault.ts';
import type { FaultReport, FaultWindow } from '../report/report.ts';
import { isStrike } from './nemesis.ts';
import { workerKind } from './pool-set.ts';

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

/** Of faults that a mode with real workers has no use for: nobody shall think that they happened. */
export function unfitReports({
  mode,
  faults = [],
}: {
  readonly mode: Mode;
  readonly faults?: readonly Fault[] | undefined;
}): readonly FaultReport[] {
  const hasProcesses = workerKind(mode) === 'processes';
  return faults.flatMap((fault) => {
    const { kind } = fault;
    const isSimulated = kind === 'power-loss' || kind === 'fail-calls';
    if (!isSimulated && (hasProcesses || !isStrike(fault))) return [];
    const skipped = isSimulated ? 'it takes mode interleave' : 'it takes processes';
    return [{ fault: kind, armed: 0, hit: 0, windows: [], skipped }];
  });
}
