import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DiskFullFault, Fault, FileLimitFault, SyscallsFault } from '../faults/fault.ts';
import type { LaunchPrefix } from '../faults/launch-prefix.ts';
import { limitLaunch } from '../faults/limits.ts';
import { straceAvailable, straceLaunch } from '../faults/strace.ts';
import { parseStraceLog } from '../faults/strace-log.ts';
import { tmpfs } from '../faults/tmpfs.ts';
import type { FaultReport } from '../report/report.ts';
import type { WorkerKind } from './worker.ts';

type Condition = DiskFullFault | FileLimitFault | SyscallsFault;

/** Hardships that last as long as a repetition. */
export interface Conditions extends AsyncDisposable {
  /** Empty: for the store. */
  readonly dir: string;
  /** How worker processes are started. */
  readonly launch: readonly LaunchPrefix[];
  /** Whether a store may answer with errors that its declaration has no word for. */
  readonly areHard: boolean;
  /** Before the store is judged, which must not fail for want of room. */
  relax(): Promise<void>;
  /** Of how many operations did not succeed. */
  reports(upset: number): readonly FaultReport[];
}

const RELAXED_SIZE = '1g';

/** Prepares what a repetition has to live with; what cannot be had here is reported as skipped. */
export async function prepareConditions(
  faults: readonly Fault[],
  options: { readonly dir: string; readonly rigDir: string; readonly kind: WorkerKind },
): Promise<Conditions> {
  const { rigDir, kind } = options;
  const stack = new AsyncDisposableStack();
  const launch: LaunchPrefix[] = [];
  const reports: FaultReport[] = [];
  const relaxations: (() => Promise<unknown>)[] = [];
  let { dir } = options;
  let log: string | undefined;
  const tell = (fault: string, skipped?: string) =>
    reports.push({ fault, armed: skipped === undefined ? 1 : 0, hit: 0, windows: [], skipped });
  mkdirSync(rigDir, { recursive: true });

  for (const fault of faults.filter(isCondition)) {
    if (fault.kind === 'disk-full') {
      const disk = await tmpfs(fault.bytes);
      if ('skipped' in disk) tell(fault.kind, disk.skipped);
      else {
        stack.use(disk);
        dir = join(disk.dir, 'store');
        relaxations.push(() => run('mount', ['-o', `remount,size=${RELAXED_SIZE}`, disk.dir]));
        tell(fault.kind);
      }
    } else if (kind !== 'processes') tell(fault.kind, 'it takes processes');
    else if (fault.kind === 'file-limit') {
      const limit = limitLaunch({ descriptors: fault.descriptors });
      if ('skipped' in limit) tell(fault.kind, limit.skipped);
      else {
        launch.push(limit);
        tell(fault.kind);
      }
    } else {
      const available = await straceAvailable([fault]);
      if (available !== true) tell(fault.kind, available);
      else {
        log = join(rigDir, 'strace.log');
        const paths = fault.paths?.map((path) => join(dir, path));
        const traced = straceLaunch([{ ...fault, ...(paths ? { paths } : {}) }], log);
        // Twice -f: a log for each thread. In one, tracers of several processes would mix up their lines.
        launch.push({ ...traced, args: ['-f', ...traced.args] });
        tell(fault.kind);
      }
    }
  }
  mkdirSync(dir, { recursive: true });
  return {
    ...{ dir, launch },
    areHard: reports.some(({ skipped }) => skipped === undefined),
    relax: async () => {
      for (const relaxation of relaxations) await relaxation();
    },
    reports: (upset) =>
      reports.map((one) => {
        if (one.skipped !== undefined) return one;
        return { ...one, hit: one.fault === 'syscalls' ? hitsIn(log) : upset };
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function isCondition(fault: Fault): fault is Condition {
  return ['disk-full', 'file-limit', 'syscalls'].includes(fault.kind);
}

/** In the logs of all threads, which have their numbers behind the name. */
function hitsIn(log: string | undefined): number {
  if (log === undefined) return 0;
  const names = readdirSync(dirname(log)).filter((name) => name.startsWith(`${basename(log)}.`));
  const lines = names.flatMap((name) => {
    const thread = name.slice(basename(log).length + 1);
    const text = readFileSync(join(dirname(log), name), 'utf8');
    return text.split('\n').map((line) => `${thread} ${line}`);
  });
  return parseStraceLog(lines.join('\n')).length;
}

const run = promisify(execFile);
