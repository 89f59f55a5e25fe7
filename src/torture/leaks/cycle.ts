import type { LeakReport } from '../report/report.ts';
import { stopCompiling } from './garbage.ts';
import { leftovers } from './leftovers.ts';
import { growthOf, LEAK_CYCLES_MIN } from './rule.ts';
import { countsOf, type Sample, takeSample } from './sample.ts';

export interface LeakOptions {
  /** Cycles that count, from `LEAK_CYCLES_MIN`. */
  readonly cycles: number;
  /** Cycles before them, in which caches fill and code is loaded; 5 are enough as a rule. */
  readonly warmUp: number;
  /** Where no cycle is meant to leave a file. */
  readonly dirs: readonly string[];
}

/**
 * Runs the same thing over and over and tells what grows with every time. `run` opens, works,
 * closes and waits for what it closes. Meant for a process that does nothing else, and is slow ever
 * after: V8 no longer optimizes in it.
 * @throws {RangeError} with fewer cycles than `LEAK_CYCLES_MIN`; and whatever `run` throws
 */
export async function leakCycles(
  run: () => Promise<void>,
  options: LeakOptions,
): Promise<readonly LeakReport[]> {
  const { cycles, warmUp, dirs } = options;
  if (cycles < LEAK_CYCLES_MIN) {
    throw new RangeError(`leaks take ${LEAK_CYCLES_MIN} cycles to tell, not ${cycles}`);
  }
  stopCompiling();
  // Holds numbers only, and from the start: a sample kept for each cycle would itself be a leak.
  const ledger = new Ledger(cycles);
  for (let cycle = 0; cycle < warmUp; cycle += 1) {
    await run();
    await takeSample({ dirs });
  }
  const first = await takeSample({ dirs });
  let last = first;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await run();
    last = await takeSample({ dirs });
    ledger.enter(cycle, last);
  }
  return ledger.report(first, last);
}

/** The samples of all cycles as series. */
class Ledger {
  readonly #descriptors: Float64Array;
  readonly #files: Float64Array;
  readonly #children: Float64Array;
  readonly #memory: Float64Array;
  readonly #resident: Float64Array;
  readonly #collected: string[] = [];

  constructor(cycles: number) {
    this.#descriptors = new Float64Array(cycles);
    this.#files = new Float64Array(cycles);
    this.#children = new Float64Array(cycles);
    this.#memory = new Float64Array(cycles);
    this.#resident = new Float64Array(cycles);
  }

  enter(cycle: number, sample: Sample): void {
    // What the collector has closed so far was left open all the same.
    this.#collected.push(...sample.collected);
    this.#descriptors[cycle] = (sample.descriptors?.length ?? 0) + this.#collected.length;
    this.#files[cycle] = sample.files.size;
    this.#children[cycle] = sample.children?.length ?? 0;
    this.#memory[cycle] = sample.liveBytes;
    this.#resident[cycle] = sample.residentBytes;
  }

  report(first: Sample, last: Sample): LeakReport[] {
    const reports: LeakReport[] = [];
    const { descriptors, children } = last;
    if (descriptors) {
      const open = countsOf([...descriptors, ...this.#collected]);
      const names = leftovers(countsOf(first.descriptors ?? []), open);
      reports.push(reportOf('descriptors', this.#descriptors, names));
    }
    const paths = leftovers(countsOf(first.files.keys()), countsOf(last.files.keys()));
    reports.push(reportOf('files', this.#files, paths));
    if (children) {
      const names = leftovers(commandsOf(first), commandsOf(last));
      reports.push(reportOf('children', this.#children, names));
    }
    reports.push(this.#memoryReport(leftovers(first.resources, last.resources)));
    return reports;
  }

  /** Of the heap, unless it is what lies outside that grows. */
  #memoryReport(names: readonly string[]): LeakReport {
    const heap = reportOf('memory', this.#memory, names);
    const samples = [...this.#resident];
    const resident = growthOf('resident', samples);
    if (heap.isLeak || !resident.isLeak) return heap;
    const where = 'outside the heap of JavaScript: memory of an addon or of the runtime';
    return { what: 'memory', ...resident, samples, names: [where, ...names] };
  }
}

function reportOf(
  what: LeakReport['what'],
  series: Float64Array,
  names: readonly string[],
): LeakReport {
  const samples = [...series];
  return { what, ...growthOf(what, samples), samples, names };
}

function commandsOf({ children }: Sample): Map<string, number> {
  const texts = children?.map(({ command, state }) =>
    state === 'dead' ? `${command} (dead and not waited for)` : command,
  );
  return countsOf(texts ?? []);
}
