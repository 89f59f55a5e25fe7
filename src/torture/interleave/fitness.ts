import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { judge } from '../judge/judge.ts';
import { describeError, perform } from '../run/perform.ts';
import { realWorld } from '../world/real-world.ts';
import { BoundedSearch } from './bounded.ts';
import type { Cast } from './cast.ts';
import { guarded } from './guarded.ts';
import { importInstance } from './instances.ts';
import { clientsOf, type Program } from './program.ts';
import { beat } from './pulse.ts';
import type { Scene } from './simulation.ts';

/** Why a store cannot be simulated: whatever its schedules have shown, they show nothing. */
export class Unfit extends Error {}

/**
 * Lets one client run alone on the simulated machine. What goes wrong there and not on the real one
 * is the fault of the simulation: a store may reach past it, by an addon, a socket or a child.
 * Answers whether it goes wrong on both, so that nothing more is to be found out.
 * @throws Unfit
 */
export async function assertFit(cast: Cast, scene: Scene, client: number): Promise<boolean> {
  const program = alone(scene.program, client);
  const calm = { ...scene, program, fault: undefined };
  const take = await cast.play(calm, new BoundedSearch(0));
  const { violations, foreign, openError, heldUp } = take;
  if (heldUp !== undefined) throw new Unfit(heldUp);
  const [name] = foreign;
  if (name !== undefined) throw new Unfit(`it waits for ${name}, which is not simulated`);
  const [violation] = violations;
  if (violation === undefined) return false;
  // Modules may hold on to what other clients have left there.
  const promise = violation.invariant;
  if (!(await cast.confirm(calm, take, { promise, sure: true }))) return false;
  if (await isBrokenAlone(scene, program, client)) return true;
  if (openError !== undefined) throw new Unfit(sentenceOf(openError));
  const { message, operations } = violation;
  const reason = operations[0]?.error ?? message;
  throw new Unfit(`one client alone is wrong there, and right on a real one: ${reason}`);
}

/**
 * The same of each client, until one goes wrong on both.
 * @throws Unfit
 */
export async function assertAllFit(cast: Cast, scene: Scene): Promise<void> {
  for (const client of clientsOf(scene.program)) {
    if (await assertFit(cast, scene, client)) return;
  }
}

/** The code of an error says more than its name. */
export function sentenceOf(error: unknown): string {
  const { code, message } = describeError(error);
  return code === 'Error' ? message : `${code}: ${message}`;
}

/** The program of one client. */
function alone(program: Program, only: number): Program {
  return program.map((stretch) => ({
    ...stretch,
    operations: stretch.operations.map((list, client) => (client === only ? list : [])),
  }));
}

/** Longest time for a client alone on the real machine: it may wait for ever there as well. */
const ALONE_MS = 2000;
const BEAT_MS = 50;

/** Whether the same goes wrong on the real machine, or never ends. */
async function isBrokenAlone(scene: Scene, program: Program, client: number): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-alone-'));
  const stop = new AbortController();
  const { signal } = stop;
  // As long as code lets others have their turn.
  const beats = setInterval(beat, BEAT_MS);
  try {
    const patience = sleep(ALONE_MS, true, { signal }).catch(() => true);
    const crash = Promise.withResolvers<boolean>();
    const ended = guarded(
      () => performAlone(scene, program, { client, dir }),
      () => crash.resolve(true),
    );
    return await Promise.race([ended, crash.promise, patience]);
  } finally {
    stop.abort();
    clearInterval(beats);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** In this very thread. */
async function performAlone(
  scene: Scene,
  program: Program,
  { client, dir }: { readonly client: number; readonly dir: string },
): Promise<boolean> {
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
      for (const { f, input } of lists[client] ?? []) {
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
