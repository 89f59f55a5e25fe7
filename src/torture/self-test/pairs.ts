import { damage, failCalls, kill, powerLoss } from '../faults/fault.ts';
import type { DeclarationOptions } from '../run/run-torture.ts';

/** A store that keeps its promise, and the same with one mistake in it. */
export interface Pair {
  /** Of the mistake, and of the modules of both. */
  readonly name: string;
  /** The promise that is broken. */
  readonly promise: string;
  readonly options: DeclarationOptions;
}

const interleave: DeclarationOptions = { mode: 'interleave', schedules: 200 };

/** Long enough for a client to be passed over again and again, short enough to wait for. */
const STALL_MS = 500;

/** Mistakes that the rig must find, each as small as it can be made. */
export const pairs: readonly Pair[] = [
  { name: 'lost-update', promise: 'linearizable', options: interleave },
  { name: 'stale-read', promise: 'linearizable', options: interleave },
  { name: 'dirty-read', promise: 'linearizable', options: interleave },
  { name: 'torn-write', promise: 'linearizable', options: interleave },
  { name: 'duplicate-allocation', promise: 'linearizable', options: interleave },
  { name: 'lock-leaked', promise: 'no-deadlock', options: interleave },
  { name: 'deadlock', promise: 'no-deadlock', options: interleave },
  {
    name: 'half-done',
    promise: 'linearizable',
    options: { ...interleave, faults: [kill()] },
  },
  {
    name: 'missing-fsync',
    promise: 'linearizable',
    options: { ...interleave, faults: [powerLoss()] },
  },
  {
    name: 'swallowed-error',
    promise: 'linearizable',
    options: { ...interleave, faults: [failCalls()] },
  },
  {
    name: 'damage-unnoticed',
    promise: 'damage',
    options: {
      mode: 'threads',
      clients: 2,
      operations: 8,
      faults: [damage({ kinds: ['truncate', 'flip'], limit: 60 })],
    },
  },
  {
    name: 'descriptor-leaked',
    promise: 'no-leak',
    options: { mode: 'processes', clients: 2, operations: 8 },
  },
  {
    name: 'starvation',
    promise: 'no-starvation',
    options: { mode: 'threads', workers: 4, stallMs: STALL_MS },
  },
];
