import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { Environment } from './report.ts';

/** Where a run happened, for its report. Names no machine and no user. */
export function describeEnvironment(): Environment {
  return {
    node: process.version,
    sqlite: process.versions.sqlite,
    platform: `${platform()} ${release()} ${arch()}`,
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
  };
}
