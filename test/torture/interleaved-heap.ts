import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../../src/torture/leaks/garbage.ts';
import { type AnyDeclared, type DeclarationOptions, kill, runTorture } from '../../src/torture.ts';
import { together } from './interleaved-files.ts';
import { soundOffsets } from './interleaved-memory.ts';

/** A thread of its own: a test runner that watches every promise makes schedules five times slower. */
const runs: Readonly<Record<string, readonly [AnyDeclared, DeclarationOptions]>> = {
  many: [soundOffsets, { clients: 2, operations: 2, schedules: 20_000 }],
  killed: [together, { schedules: 1500, faults: [kill()] }],
};

const SAMPLES = 6;

const [declared, options] = runs[workerData] ?? [];
if (declared === undefined) throw new RangeError(`there is no run '${workerData}'`);

/** Bytes that are in use when so many sixths of the schedules are done. */
const heap: number[] = [];
const report = await runTorture(declared, {
  ...{ mode: 'interleave', seed: '1', ...options },
  onEvent(event) {
    if (event.type !== 'progress') return;
    if (event.repeat < ((heap.length + 1) * event.repeats) / SAMPLES) return;
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    heap.push(heapUsed + external);
  },
});
parentPort?.postMessage({ verdict: report.verdict, heap });
