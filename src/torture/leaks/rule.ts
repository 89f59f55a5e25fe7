import type { LeakReport } from '../report/report.ts';
import { robustSlope } from './slope.ts';

/**
 * Cycles, after those that warm up, in which a leak is told that shows in every other of them. One
 * that shows in every third takes 20, in every fourth 32.
 */
export const LEAK_CYCLES_MIN = 16;

/** What a series is of: memory is the live heap, `resident` all that the process takes. */
export type Grown = LeakReport['what'] | 'resident';

/** What a series of samples, one a cycle, says of growth. */
export type Growth = Pick<LeakReport, 'perCycle' | 'low' | 'high' | 'isLeak'>;

/**
 * Whether something grows with every cycle. It does when both the whole series and its second half
 * grow for certain (95 %): caches that fill and code that is compiled grow at first only. And it
 * must grow by something that counts, see `FLOORS`.
 * @throws {RangeError} with fewer samples than `LEAK_CYCLES_MIN`
 */
export function growthOf(what: Grown, samples: readonly number[]): Growth {
  if (samples.length < LEAK_CYCLES_MIN) {
    throw new RangeError(`leaks take ${LEAK_CYCLES_MIN} cycles to tell, not ${samples.length}`);
  }
  const { perStep, low, high } = robustSlope(samples);
  const late = robustSlope(samples.slice(samples.length >> 1));
  const floor = FLOORS[what];
  const isLeak = Math.min(low, late.low) > floor.low && perStep >= floor.perCycle;
  return { perCycle: perStep, low, high, isLeak };
}

// A count that grows at all grows by one. A pool of a few connections that fills while we look is
// no leak; what is lost in one cycle of four is.
const COUNT = { low: 0, perCycle: 1 / 4 };

// Of an honest loop the heap stands still to within some 100 bytes (see `stopCompiling`). A sample
// that names one more file or descriptor each time takes up to 300 itself, which must not look like
// a second leak. One small object with its key is 60 bytes, and a cycle has dozens of operations.
const MEMORY = { low: 256, perCycle: 512 };

// The kernel counts resident pages in batches of 128 KiB; an honest loop takes one or two of them in
// twenty cycles, or gives them back.
const RESIDENT = { low: 16 * 1024, perCycle: 32 * 1024 };

const FLOORS: Readonly<Record<Grown, typeof COUNT>> = {
  descriptors: COUNT,
  files: COUNT,
  children: COUNT,
  memory: MEMORY,
  resident: RESIDENT,
};
