import type { AnyDeclared } from '../src/torture/declare/declaration.ts';
import { Client } from '../src/torture/run/client.ts';
import { RunClock } from '../src/torture/run/run-clock.ts';
import { SlotWriter, sharedSlots } from '../src/torture/run/slots.ts';
import { Turns } from '../src/torture/run/turns.ts';
import { op, torture } from '../src/torture.ts';
import type { Bench, Figure } from './figure.ts';

/** A run is of many short rounds. */
const ROUNDS = 100;
const ROUND_OPERATIONS = 2000;
const OPERATIONS = ROUNDS * ROUND_OPERATIONS;
const REPEATS = 7;

/** What it costs to know when each operation began and ended and what it answered. */
export const record: Bench = {
  name: 'recording operations',
  run: async () => [
    await overhead('synchronous', (box: Box, step: number) => (box.count += step), 0.3),
    await overhead('asynchronous', async (box: Box, step: number) => (box.count += step), 1),
  ],
};

interface Box {
  count: number;
}

/** The same calls by a client of the rig and by a bare loop, by turns. */
async function overhead(
  kind: string,
  run: (box: Box, step: number) => number | Promise<number>,
  goalMicros: number,
): Promise<Figure> {
  const declared = torture({
    name: kind,
    module: import.meta.url,
    store: { create: () => null, open: (): Box => ({ count: 0 }) },
    ops: { add: op({ in: () => 1, run }) },
  });
  const bare: number[] = [];
  const recorded: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    bare.push(await bareLoop(run));
    recorded.push(await clientLoop(declared));
  }
  // The quickest of each: whatever else the machine did comes on top.
  const [ours, floor] = [Math.min(...recorded), Math.min(...bare)];
  const micros = ((ours - floor) * 1000) / OPERATIONS;
  const each = (ms: number) => `${((ms * 1e6) / OPERATIONS).toFixed(0)} ns`;
  return {
    what: `one ${kind} operation over the bare loop`,
    measured: `${micros.toFixed(2)} µs (${each(ours)} recorded, ${each(floor)} bare)`,
    goal: `<= ${goalMicros} µs`,
    pass: micros <= goalMicros,
  };
}

async function bareLoop(
  run: (box: Box, step: number) => number | Promise<number>,
): Promise<number> {
  const box = { count: 0 };
  const from = performance.now();
  for (let index = 0; index < OPERATIONS; index += 1) {
    const answer = run(box, 1);
    if (typeof answer !== 'number') await answer;
  }
  return performance.now() - from;
}

async function clientLoop(declared: AnyDeclared): Promise<number> {
  const phases = [
    { name: 'run', roles: [{ name: 'client', clients: 1, does: 'add', count: ROUND_OPERATIONS }] },
  ];
  const client = new Client(0, declared.store.open(null, undefined as never), {
    ...{ declared, phases, seed: 'bench', repeat: 0, generation: 0, clientCount: 1 },
    clock: new RunClock(process.hrtime.bigint()),
    slots: new SlotWriter(sharedSlots(1), 1),
    turns: new Turns(),
  });
  let totalMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    client.arm(0, round);
    const from = performance.now();
    await client.run();
    totalMs += performance.now() - from;
  }
  return totalMs;
}
