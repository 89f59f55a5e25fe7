import { parentPort, workerData } from 'node:worker_threads';
import type { InterleaveOptions } from '../../src/torture/interleave/interleave-options.ts';
import { runInterleaved } from '../../src/torture/interleave/run-interleaved.ts';
import { collectGarbage } from '../../src/torture/leaks/garbage.ts';
import { type AnyDeclared, kill } from '../../src/torture.ts';
import { together } from './interleaved-files.ts';
import { soundOffsets } from './interleaved-memory.ts';

interface HeapRun extends Pick<InterleaveOptions, 'workload' | 'schedules' | 'faults'> {
  readonly declared: AnyDeclared;
}

/** In this very thread, of which the heap can be looked at. */
const runs: Readonly<Record<string, HeapRun>> = {
  many: {
    declared: soundOffsets,
    workload: { clients: 2, operations: 2 },
    schedules: 20_000,
  },
  killed: {
    declared: together,
    workload: { clients: 3, operations: 9 },
    schedules: 1500,
    faults: [kill()],
  },
};

const SAMPLES = 6;

const run = runs[workerData];
if (run === undefined) throw new RangeError(`there is no run '${workerData}'`);

/** Bytes that are in use when so many sixths of the schedules are done. */
const heap: number[] = [];
const { declared, ...options } = run;
const report = await runInterleaved(declared, {
  ...{ mode: 'interleave', seed: '1', full: false, limitMs: 240_000, again: '' },
  ...options,
  onProgress({ repeat, repeats }) {
    if (repeat < ((heap.length + 1) * repeats) / SAMPLES) return;
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    heap.push(heapUsed + external);
  },
});
parentPort?.postMessage({ verdict: report.verdict, heap });
