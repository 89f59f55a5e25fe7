import { wrongArgument } from '../../errors.ts';
import { isInstalled, type LaunchPrefix, type Skipped } from './launch-prefix.ts';

/** What a process and all that it starts may have at most. They cannot raise it again. */
export interface Limits {
  /** Open descriptors (RLIMIT_NOFILE): one more fails with EMFILE. Node itself needs 24. */
  readonly descriptors?: number | undefined;
  /**
   * Size of each file that it writes (RLIMIT_FSIZE). A write across the limit is cut to it, the next
   * fails with EFBIG. It comes with the signal SIGXFSZ, which Node ignores unless somebody has ever
   * listened to it; other programs die of it. Counts for the rig's own journal too.
   */
  readonly fileBytes?: number | undefined;
}

/** Node 24 starts and hears of a parent with 23; with less it dies before any store is opened. */
export const DESCRIPTORS_MIN = 32;

/** What `ulimit -f` counts in (POSIX); it is rounded up to that where there is no `prlimit`. */
const ULIMIT_BLOCK_BYTES = 512;

/**
 * How a process is started under limits. Nobody needs privileges for that; Windows cannot do it.
 * @throws RangeError
 */
export function limitLaunch(limits: Limits): LaunchPrefix | Skipped {
  const { descriptors, fileBytes } = limits;
  assertLimit('descriptors', descriptors, DESCRIPTORS_MIN);
  assertLimit('fileBytes', fileBytes, 1);
  if (process.platform === 'win32') return { skipped: 'Windows has no limits for a process' };
  return isInstalled('prlimit') ? prlimit(limits) : ulimit(limits);
}

/** Of util-linux: exact. Soft and hard limit, because Node raises its soft one at start. */
function prlimit({ descriptors, fileBytes }: Limits): LaunchPrefix {
  const args: string[] = [];
  if (descriptors !== undefined) args.push(`--nofile=${descriptors}`);
  if (fileBytes !== undefined) args.push(`--fsize=${fileBytes}`);
  return { command: 'prlimit', args: [...args, '--'] };
}

/** For machines without `prlimit`: every shell can do it, in blocks. */
export function ulimit({ descriptors, fileBytes }: Limits): LaunchPrefix {
  const steps: string[] = [];
  if (descriptors !== undefined) steps.push(`ulimit -n ${descriptors}`);
  if (fileBytes !== undefined) {
    steps.push(`ulimit -f ${Math.ceil(fileBytes / ULIMIT_BLOCK_BYTES)}`);
  }
  return { command: 'sh', args: ['-c', [...steps, 'exec "$@"'].join(' && '), 'sh'] };
}

function assertLimit(name: keyof Limits, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw wrongArgument('range', `${name} must be an integer from ${least} on, not ${value}`);
}
