import { mkdirSync } from 'node:fs';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { type Judgement, judge } from '../judge/judge.ts';
import { creationFailure } from '../run/creation.ts';
import { type Begun, describeError, perform } from '../run/perform.ts';
import { crashImages } from '../world/crash-states.ts';
import type { EffectLog } from '../world/disk.ts';
import { Disk } from '../world/disk.ts';
import { MemoryFs } from '../world/memory-fs.ts';
import { NthCallFault } from '../world/nth-call.ts';
import { copyInput } from './copy-input.ts';
import { turn } from './event-loop.ts';
import { EPOCH_MS, type Player, playAs, worldOf } from './player.ts';
import type { Program, Stretch } from './program.ts';
import { beat } from './pulse.ts';
import { type Attended, type End, type Limits, Scheduler } from './scheduler.ts';
import type { SimulatedFault } from './simulated-fault.ts';
import { ProcessEnd } from './simulated-processes.ts';
import { SIMULATED_ROOT, simulatedDir, textInStore } from './simulated-root.ts';
import { heldUpText, judgeStandstill, nameOf, type Standstill } from './standstill.ts';
import { OBSERVER, type Strategy } from './step.ts';

/** What is simulated, whatever the schedule. */
export interface Scene {
  /** The declaration as each client has it, and last as the observer has it. */
  readonly instances: readonly AnyDeclared[];
  readonly program: Program;
  readonly seed: string;
  readonly repeat: number;
  readonly limits: Limits;
  readonly fault?: SimulatedFault | undefined;
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
  /** What somebody met who created, opened or closed the store. */
  readonly openError: unknown;
  /** Who held everybody up, which says more of this machine than of the store. */
  readonly heldUp: string | undefined;
  /** Whether the fault met anything. */
  readonly isHit: boolean;
  /** Clients that were left in the midst of something. */
  readonly unfinished: readonly number[];
}

const STAGES_OF_OBSERVER: ReadonlySet<string> = new Set(['create', 'judge']);

/** One point is a microsecond of a history. */
const POINT_NS = 1000;

let directories = 0;

/** Runs a program once, in the order that the strategy chooses, and judges what came of it. */
export function simulate(scene: Scene, strategy: Strategy): Promise<Take> {
  beat();
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
  readonly #inFlight = new Map<number, Begun>();
  /** Clients that are not done with what they all are at. */
  readonly #working = new Set<number>();
  readonly #killed = new Set<number>();
  /** What somebody met who created, opened or closed the store. */
  #openError: unknown;
  /** What they all are at who are at no operation. */
  #stage = 'create';
  #heldUp: string | undefined;
  #log: EffectLog | undefined;
  #failing: NthCallFault | undefined;
  #isHit = false;
  /** Operations that failed after a fault of ours. */
  readonly #excused = new Set<Operation>();
  /** Of clients that died, why. */
  readonly #crashes: string[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#disk = emptyDisk().fork({ now: () => EPOCH_MS + this.#scheduler.nowMs });
    this.#observer = this.#player(OBSERVER);
    this.#players = scene.instances.slice(0, -1).map((_, client) => this.#player(client));
    // Not as a literal: V8 puts one that is assigned to a property into its old space, and all this.
    const crash = (client: number, error: unknown) => this.#crash(client, error);
    this.#scheduler.onCrash = crash;
  }

  async run(strategy: Strategy): Promise<Take> {
    const created = await this.#create();
    this.#arm();
    const end = created.end === 'done' ? await this.#play(created.value, strategy) : created.end;
    // The host's timers and signals, and what nobody caught.
    await turn();
    const waiting = this.#scheduler.waiting();
    this.#disarm();
    const everybody = [OBSERVER, ...this.#players.map(({ client }) => client)];
    const lost = { output: undefined, outcome: 'info', returnedAt: undefined } as const;
    const inFlight = [...this.#inFlight.values()].map((begun) => ({ ...begun, ...lost }));
    const operations = [...this.#operations, ...inFlight];
    const shared = created.end === 'done' ? created.value : undefined;
    const judgement = await this.#judge(shared, { end, operations, waiting });
    const isWhole = end === 'done';
    const left = this.#scheduler.waiting().map(({ client }) => client);
    const unfinished = isWhole ? [...this.#killed, ...left] : everybody;
    this.#scheduler.close();
    const { choices, labels, outside, synchronous } = this.#scheduler;
    return {
      ...{ ...judgement, operations, end, choices, labels, isHit: this.#isHit },
      openError: this.#openError,
      heldUp: this.#heldUp,
      unfinished,
      foreign: [...outside.foreign],
      synchronous: [...synchronous, ...outside.computations],
    };
  }

  async #create(): Promise<Attended<unknown> | { readonly end: 'cut' }> {
    const { seed, repeat } = this.#scene;
    const world = worldOf(this.#observer);
    // Modules that remember what they read at a path must not remember it from another schedule.
    directories += 1;
    const dir = simulatedDir(directories);
    const create = async (): Promise<unknown> => {
      mkdirSync(dir);
      const size = { mode: 'interleave', full: false } as const;
      return this.#declared.store.create({ ...size, dir, seed, repeat, subject: undefined, world });
    };
    this.#stage = 'create';
    try {
      return await this.#attend(this.#observer, create);
    } catch (error) {
      this.#openError = error;
      return { end: 'cut' };
    }
  }

  get #declared(): AnyDeclared {
    return this.#scene.instances.at(-1) as AnyDeclared;
  }

  #arm(): void {
    const { fault } = this.#scene;
    if (fault === undefined) return;
    if (fault.kind === 'fail-calls') {
      this.#failing = new NthCallFault(fault);
      for (const { fs } of this.#players) fs.faults = this.#failing;
      return;
    }
    if (fault.kind === 'power-loss') this.#log = this.#disk.record();
    const strike = fault.kind === 'kill' ? () => this.#kill(fault.client) : () => true;
    this.#scheduler.interruption = { at: fault.at, strike };
  }

  /** Whoever judges must not meet the fault. */
  #disarm(): void {
    this.#isHit ||= (this.#failing?.hits.length ?? 0) > 0;
    for (const { fs } of this.#players) fs.faults = undefined;
    this.#scheduler.interruption = undefined;
  }

  /** A client could not open or close its store, or went on although it was killed. */
  #fail(client: number, error: unknown): void {
    if (this.#killed.has(client)) return;
    // One that meets a fault of ours there has no part in what follows.
    if (this.#failing?.hits.length) this.#killed.add(client);
    else this.#openError ??= error;
    this.#tellDone(client);
  }

  /** As a process that Node ends because nobody has caught an error. */
  #crash(client: number, error: unknown): void {
    const { code, message } = describeError(error);
    // What a fault of ours leads to is not the store's.
    const isOurs = (this.#failing?.hits.length ?? 0) > 0;
    const reason = error instanceof ProcessEnd ? message : `nobody caught ${code}: ${message}`;
    if (!isOurs) this.#crashes.push(`${nameOf(client)} died: ${reason}`);
    if (client !== OBSERVER) this.#kill(client);
  }

  #kill(client: number): boolean {
    this.#isHit ||= this.#inFlight.has(client);
    this.#scheduler.kill(client);
    this.#players[client]?.fs.kill();
    this.#killed.add(client);
    this.#tellDone(client);
    return false;
  }

  #judge(
    shared: unknown,
    seen: {
      readonly end: End;
      readonly operations: readonly Operation[];
      readonly waiting: ReturnType<Scheduler['waiting']>;
    },
  ): Promise<Judgement> | Judgement {
    const { end, operations, waiting } = seen;
    const { repeat } = this.#scene;
    if (end === 'held') return this.#stuck(end, waiting, operations);
    if (this.#openError !== undefined) return unopened(this.#openError, this.#stage, repeat);
    if (end === 'deadlock' || end === 'endless') return this.#stuck(end, waiting, operations);
    this.#stage = 'judge';
    // The power fails after the last step too: what was acknowledged must be there.
    if (this.#log) return this.#judgeImages(this.#log, shared, operations);
    return this.#judgeAs(this.#observer, shared, operations);
  }

  async #judgeAs(
    player: Player,
    shared: unknown,
    operations: readonly Operation[],
  ): Promise<Judgement> {
    const { repeat } = this.#scene;
    const workers = this.#players.length;
    const repetition = { operations, workers, stall: undefined, failures: this.#crashes };
    const world = worldOf(player);
    // What is read at the end comes after everything, and one after the other.
    let time = this.#now();
    const clock = () => {
      time += POINT_NS;
      return time;
    };
    const judged = await this.#attend(player, () =>
      judge(this.#declared, shared, repetition, { repeat, clock, world, excused: this.#excused }),
    );
    if (judged.end === 'done') return judged.value;
    return this.#stuck(judged.end, player.scheduler.waiting(), operations, player.scheduler);
  }

  #stuck(
    end: Standstill,
    waiting: ReturnType<Scheduler['waiting']>,
    operations: readonly Operation[],
    { within } = this.#scheduler,
  ): Judgement {
    const { repeat } = this.#scene;
    const working = STAGES_OF_OBSERVER.has(this.#stage) ? [OBSERVER] : this.#working;
    this.#heldUp ??= within.heldUp && heldUpText(within.heldUp);
    return judgeStandstill(end, { repeat, stage: this.#stage, working, waiting, operations });
  }

  #attend<T>(player: Player, code: () => Promise<T>): Promise<Attended<T>> {
    return player.scheduler.attend(() => playAs(player, code), this.#scene.limits);
  }

  /** The worst that can be found on a disk whose power has failed. */
  async #judgeImages(
    log: EffectLog,
    shared: unknown,
    operations: readonly Operation[],
  ): Promise<Judgement> {
    const { fault, seed } = this.#scene;
    const limit = fault?.kind === 'power-loss' ? fault.limit : 1;
    const doubts = new Set<string>();
    for (const { describe, disk } of crashImages(log, { model: 'none', seed, limit })) {
      this.#isHit = true;
      const scheduler = new Scheduler(this.#scheduler.nowMs);
      const clock = { now: () => EPOCH_MS + scheduler.nowMs };
      const player = { client: OBSERVER, scheduler, fs: new MemoryFs(disk.fork(clock)) };
      const found = await this.#judgeAs(player, shared, operations);
      for (const doubt of found.doubts) doubts.add(doubt);
      if (found.violations.length === 0) continue;
      const violations = found.violations.map((one) => ({
        ...one,
        message: `after a power loss (${textInStore(describe)}): ${one.message}`,
      }));
      return { ...found, violations };
    }
    return { violations: [], doubts: [...doubts], notes: [] };
  }

  /** All clients open, do their operations stretch by stretch, and close. */
  async #play(shared: unknown, strategy: Strategy): Promise<End> {
    const stores = new Map<number, unknown>();
    const { program, instances, limits } = this.#scene;
    const all = async (each: (player: Player) => Promise<void>): Promise<End> => {
      const living = this.#players.filter(({ client }) => !this.#killed.has(client));
      for (const { client } of living) this.#working.add(client);
      for (const player of living) {
        const { client } = player;
        void playAs(player, () => each(player)).then(
          () => this.#tellDone(client),
          (error: unknown) => this.#fail(client, error),
        );
      }
      const end = await this.#scheduler.run(() => this.#working.size === 0, strategy, limits);
      return this.#openError === undefined || end === 'held' ? end : 'cut';
    };
    this.#stage = 'open';
    let end = await all(async (player) => {
      const declared = instances[player.client];
      stores.set(player.client, await declared?.store.open(shared, worldOf(player)));
    });
    for (const stretch of program) {
      if (end !== 'done') return end;
      end = await all((player) => this.#work(player, stretch, stores.get(player.client)));
    }
    if (end !== 'done' || this.#declared.store.close === undefined) return end;
    this.#stage = 'close';
    return all(async (player) => {
      await instances[player.client]?.store.close?.(stores.get(player.client));
    });
  }

  async #work({ client, scheduler }: Player, stretch: Stretch, store: unknown): Promise<void> {
    const declared = this.#scene.instances[client] as AnyDeclared;
    for (const { f, input } of stretch.operations[client] ?? []) {
      await scheduler.point(client, `begin ${f}`);
      const invokedAt = this.#now();
      const begun = { process: client, phase: stretch.phase, round: 0, f, input, invokedAt };
      this.#inFlight.set(client, begun);
      // The next schedule has the same, whatever the store does to it.
      const given = copyInput(input);
      const own = given === input ? begun : { ...begun, input: given };
      const done = await perform(declared, store, own, this.#clock);
      if (this.#killed.has(client)) return;
      this.#inFlight.delete(client);
      this.#operations.push(this.#told(given === input ? done : { ...done, input }));
      scheduler.tellProgress();
    }
  }

  /** What a fault of ours has done is not the store's: nobody knows what such an operation did. */
  #told(done: Operation): Operation {
    const isOurs = (this.#failing?.hits.length ?? 0) > 0;
    if (isOurs && done.isBug) {
      return { ...done, isBug: false, outcome: 'info', returnedAt: undefined };
    }
    const output = copyOf(done.output);
    const told = output === done.output ? done : { ...done, output };
    if (isOurs) this.#excused.add(told);
    return told;
  }

  #tellDone(client: number): void {
    this.#working.delete(client);
    this.#scheduler.tellDone();
  }

  #now(): number {
    return this.#scheduler.points * POINT_NS;
  }

  readonly #clock = () => this.#now();

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
    playAs(player, () => mkdirSync(SIMULATED_ROOT, { recursive: true }));
  }
  return empty;
}

/** A store in memory may answer something that it changes later. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}

function unopened(error: unknown, stage: string, repeat: number): Judgement {
  const { code, message: reason } = describeError(error);
  const isCreate = stage === 'create';
  const message = isCreate
    ? creationFailure(error)
    : `a client could not open or close the store: ${code}: ${reason}`;
  const invariant = isCreate ? 'create' : 'open';
  return {
    violations: [{ invariant, message, repeat, operations: [], alike: 0 }],
    doubts: [],
    notes: [],
  };
}
