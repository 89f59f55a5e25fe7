import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { judge } from '../judge/judge.ts';
import { perform } from '../run/perform.ts';
import { realWorld } from '../world/real-world.ts';
import { BoundedSearch } from './bounded.ts';
import type { Cast } from './cast.ts';
import { importInstance } from './instances.ts';
import type { Program } from './program.ts';
import { guarded } from './simulated-machine.ts';
import type { Scene } from './simulation.ts';

/**
 * Lets one client run alone on the simulated machine. What goes wrong there and not on the real one
 * is the fault of the simulation: a store may reach past it, by an addon, a socket or a child.
 * @throws Error which says why the store cannot be simulated
 */
export async function assertFit(cast: Cast, scene: Scene): Promise<void> {
  const program = alone(scene.program);
  const { violations, foreign, openError } = await cast.play(
    { ...scene, program, fault: undefined },
    new BoundedSearch(0),
  );
  const [name] = foreign;
  if (name !== undefined) throw new Error(`it waits for ${name}, which is not simulated`);
  const [violation] = violations;
  if (violation === undefined) return;
  if (await isBrokenAlone(scene, program)) return;
  if (openError !== undefined) throw openError;
  throw new Error(`one client alone is wrong there, and right on a real one: ${violation.message}`);
}

/** The program of the first client. */
function alone(program: Program): Program {
  return program.map((stretch) => ({
    ...stretch,
    operations: stretch.operations.map((list, client) => (client === 0 ? list : [])),
  }));
}

/** Longest time for a client alone on the real machine: it may wait for ever there as well. */
const ALONE_MS = 2000;

/** Whether the same goes wrong on the real machine, or never ends. */
async function isBrokenAlone(scene: Scene, program: Program): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-alone-'));
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const patience = sleep(ALONE_MS, true, { signal }).catch(() => true);
    const crash = Promise.withResolvers<boolean>();
    const ended = guarded(
      () => performAlone(scene, program, dir),
      () => crash.resolve(true),
    );
    return await Promise.race([ended, crash.promise, patience]);
  } finally {
    stop.abort();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** In this very thread. */
async function performAlone(scene: Scene, program: Program, dir: string): Promise<boolean> {
  const declared = await importInstance(scene.instances.at(-1) as AnyDeclared);
  const { seed, repeat } = scene;
  let time = 0;
  const clock = () => {
    time += 1000;
    return time;
  };
  try {
    const size = { mode: 'interleave', full: false } as const;
    const context = { ...size, dir, seed, repeat, subject: undefined, world: realWorld };
    const shared: unknown = await declared.store.create(context);
    const store: unknown = await declared.store.open(shared, realWorld);
    const operations: Operation[] = [];
    for (const { phase, operations: lists } of program) {
      for (const { f, input } of lists[0] ?? []) {
        const begun = { process: 0, phase, round: 0, f, input, invokedAt: clock() };
        operations.push(await perform(declared, store, begun, clock));
      }
    }
    await declared.store.close?.(store);
    const repetition = { operations, workers: 1, stall: undefined, failures: [] };
    const settled = { repeat, clock, world: realWorld };
    const { violations } = await judge(declared, shared, repetition, settled);
    return violations.length > 0;
  } catch {
    return true;
  }
}
