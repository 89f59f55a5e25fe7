import { mkdirSync } from 'node:fs';
import type { AnyDeclared } from '../declaration.ts';
import { type Judgement, judge } from '../judge.ts';
import type { Operation } from '../operation.ts';
import { perform } from '../perform.ts';
import { Disk } from '../world/disk.ts';
import { MemoryFs } from '../world/memory-fs.ts';
import { EPOCH_MS, OBSERVER, type Player, playAs, worldOf } from './player.ts';
import type { Program, Stretch } from './program.ts';
import { type End, type Limits, Scheduler } from './scheduler.ts';
import { SIMULATED_ROOT } from './simulated-machine.ts';
import type { Strategy } from './strategy.ts';

/** What is simulated, whatever the schedule. */
export interface Scene {
  /** The declaration as each client has it; the first one is also the observer's. */
  readonly instances: readonly AnyDeclared[];
  readonly program: Program;
  readonly seed: string;
  readonly repeat: number;
  readonly limits: Limits;
}

/** What one schedule showed. */
export interface Take extends Judgement {
  readonly operations: readonly Operation[];
  readonly end: End;
  /** Replays it. */
  readonly choices: readonly number[];
  /** What happened, in order. */
  readonly labels: readonly string[];
  /** Resources that it waited for although nobody controls them. */
  readonly foreign: readonly string[];
  /** Calls that were over at once. */
  readonly synchronous: readonly string[];
}

/** One point is a microsecond of a history. */
const POINT_NS = 1000;

let directories = 0;

/** Runs a program once, in the order that the strategy chooses, and judges what came of it. */
export function simulate(scene: Scene, strategy: Strategy): Promise<Take> {
  return new Simulation(scene).run(strategy);
}

class Simulation {
  readonly #scene: Scene;
  readonly #scheduler = new Scheduler();
  readonly #disk: Disk;
  readonly #observer: Player;
  readonly #players: readonly Player[];
  readonly #operations: Operation[] = [];
  /** By client. */
  readonly #inFlight = new Map<number, Operation>();
  #open = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#disk = emptyDisk().fork({ now: () => EPOCH_MS + this.#scheduler.nowMs });
    this.#observer = this.#player(OBSERVER);
    this.#players = scene.instances.map((_, client) => this.#player(client));
  }

  async run(strategy: Strategy): Promise<Take> {
    const { seed, repeat } = this.#scene;
    const declared = this.#scene.instances[0] as AnyDeclared;
    const world = worldOf(this.#observer);
    // Modules that remember what they read at a path must not remember it from another schedule.
    directories += 1;
    const dir = `${SIMULATED_ROOT}/${directories}`;
    const shared: unknown = await playAs(this.#observer, () => {
      mkdirSync(dir);
      const size = { mode: 'interleave', full: false } as const;
      return declared.store.create({ ...size, dir, seed, repeat, subject: undefined, world });
    });
    const end = await this.#play(shared, strategy);
    const { scheduler } = this.#observer;
    const waiting = scheduler.waiting();
    const repetition = {
      operations: [...this.#operations, ...this.#inFlight.values()],
      workers: this.#players.length,
      stall: undefined,
      failures: [],
    };
    scheduler.isFree = true;
    const judgement =
      end === 'done'
        ? await playAs(this.#observer, () =>
            judge(declared, shared, repetition, { repeat, clock: () => this.#now(), world }),
          )
        : stuck(end, repeat, waiting, repetition.operations);
    scheduler.close();
    return {
      ...judgement,
      operations: repetition.operations,
      end,
      choices: scheduler.choices,
      labels: scheduler.labels,
      foreign: [...scheduler.foreign],
      synchronous: [...scheduler.synchronous],
    };
  }

  /** All clients open, do their operations stretch by stretch, and close. */
  async #play(shared: unknown, strategy: Strategy): Promise<End> {
    const stores = new Map<number, unknown>();
    const { program, instances, limits } = this.#scene;
    const all = async (each: (player: Player) => Promise<void>): Promise<End> => {
      this.#open = this.#players.length;
      let failure: unknown;
      for (const player of this.#players) {
        void playAs(player, () => each(player)).then(
          () => this.#tellDone(),
          (error: unknown) => {
            failure ??= error;
            this.#tellDone();
          },
        );
      }
      const end = await this.#scheduler.run(() => this.#open === 0, strategy, limits);
      if (failure !== undefined) throw failure;
      return end;
    };
    let end = await all(async (player) => {
      const declared = instances[player.client];
      stores.set(player.client, await declared?.store.open(shared, worldOf(player)));
    });
    for (const stretch of program) {
      if (end !== 'done') return end;
      end = await all((player) => this.#work(player, stretch, stores.get(player.client)));
    }
    if (end !== 'done') return end;
    return all(async (player) => {
      await instances[player.client]?.store.close?.(stores.get(player.client));
    });
  }

  async #work({ client, scheduler }: Player, stretch: Stretch, store: unknown): Promise<void> {
    const declared = this.#scene.instances[client] as AnyDeclared;
    for (const { f, input } of stretch.operations[client] ?? []) {
      await scheduler.point(client, `begin ${f}`);
      const begun = {
        ...{ process: client, phase: stretch.phase, round: 0, f, input },
        invokedAt: this.#now(),
      };
      const lost = { output: undefined, outcome: 'info', returnedAt: undefined } as const;
      this.#inFlight.set(client, { ...begun, ...lost });
      const done = await perform(declared, store, begun, () => this.#now());
      this.#inFlight.delete(client);
      this.#operations.push({ ...done, output: copyOf(done.output) });
    }
  }

  #tellDone(): void {
    this.#open -= 1;
    this.#scheduler.tellDone();
  }

  #now(): number {
    return this.#scheduler.points * POINT_NS;
  }

  #player(client: number): Player {
    return { client, scheduler: this.#scheduler, fs: new MemoryFs(this.#disk) };
  }
}

let empty: Disk | undefined;

/** With nothing but the root of what is simulated. */
function emptyDisk(): Disk {
  if (empty === undefined) {
    empty = new Disk({ now: () => EPOCH_MS });
    const player = { client: OBSERVER, scheduler: new Scheduler(), fs: new MemoryFs(empty) };
    playAs(player, () => mkdirSync(SIMULATED_ROOT));
  }
  return empty;
}

/** A store in memory may answer something that it changes later. */
function copyOf(output: unknown): unknown {
  if (typeof output !== 'object' || output === null) return output;
  try {
    return structuredClone(output);
  } catch {
    return output;
  }
}

function stuck(
  end: End,
  repeat: number,
  waiting: readonly { readonly client: number; readonly label: string }[],
  operations: readonly Operation[],
): Judgement {
  const open = operations.filter(({ returnedAt }) => returnedAt === undefined);
  const table = waiting.map(({ client, label }) => `client ${client} waits for: ${label}`);
  const what =
    end === 'deadlock'
      ? 'deadlock: no client can go on'
      : 'livelock: the clients go on for ever and none gets done';
  const message = [what, ...table].join('\n');
  return {
    violations: [{ invariant: 'no-deadlock', message, repeat, operations: open, alike: 0 }],
    doubts: [],
    notes: [],
  };
}
