import type { InterleaveJob } from '../run/protocol.ts';
import type { RunOptions } from '../run/run-options.ts';

/** How a declaration is interleaved in this very thread. */
export type InterleaveOptions = InterleaveJob['options'] &
  Pick<RunOptions, 'signal' | 'onProgress'>;
