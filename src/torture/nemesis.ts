import { setTimeout as delay } from 'node:timers/promises';
import type { DirectoryImage } from './faults/directory-image.ts';
import type { Fault } from './faults/fault.ts';
import { copyStopped, pauseProcess, resumeProcess } from './faults/signals.ts';
import { Random } from './random.ts';
import type { FaultReport, FaultWindow } from './report.ts';

/** Workers that a nemesis can harm. */
export interface Hostages {
  readonly count: number;
  /** Undefined for a thread, and for a process that is being replaced. */
  pid(index: number): number | undefined;
  clients(index: number): readonly number[];
  /** Whether one of its clients has an operation in flight. */
  isBusy(index: number): boolean;
  /** SIGKILL; another worker takes its place. */
  kill(index: number): void;
  /** Holds up its event loop. */
  block(index: number, ms: number): void;
  /** What takes time now is not the fault of the store. */
  touch(): void;
}

/** Faults that happen while workers work. */
type Strike = Extract<Fault, { readonly kind: 'kill' | 'pause' | 'block' | 'crash-images' }>;

export function isStrike(fault: Fault): fault is Strike {
  return ['kill', 'pause', 'block', 'crash-images'].includes(fault.kind);
}

/** A directory as kill -9 of everybody at one moment would have left it. */
export interface CrashImage {
  readonly image: DirectoryImage;
  /** Between which times that moment was, in nanoseconds since the run began. */
  readonly from: number;
  readonly to: number;
}

export interface NemesisOptions {
  readonly faults: readonly Strike[];
  readonly seed: string;
  readonly repeat: number;
  /** The directory of the store. */
  readonly dir: string;
  readonly clock: () => number;
}

/** Rounds that are over sooner than a fault is due would never see it. */
const ROUND_SHARE = 0.8;

/** Harms workers while a round goes on: each kind of fault in its own time, by the seed. */
export class Nemesis {
  readonly images: CrashImage[] = [];
  readonly #options: NemesisOptions;
  readonly #random: Random;
  readonly #tallies = new Map<string, { armed: number; hit: number; windows: FaultWindow[] }>();
  #stop = new AbortController();
  #campaigns: Promise<void>[] = [];
  #roundMs = 20;
  #beganAt = 0;

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#random = new Random(`${options.seed}/${options.repeat}/nemesis`);
    for (const { kind } of options.faults) {
      this.#tallies.set(kind, { armed: 0, hit: 0, windows: [] });
    }
  }

  begin(hostages: Hostages): void {
    this.#stop = new AbortController();
    this.#beganAt = performance.now();
    this.#campaigns = this.#options.faults.map((fault) => this.#campaign(fault, hostages));
  }

  /** Resolves when nobody is harmed any more. */
  async end(): Promise<void> {
    this.#roundMs = performance.now() - this.#beganAt;
    this.#stop.abort();
    await Promise.all(this.#campaigns);
  }

  reports(): readonly FaultReport[] {
    return [...this.#tallies].map(([fault, tally]) => ({ fault, ...tally, skipped: undefined }));
  }

  async #campaign(fault: Strike, hostages: Hostages): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const spread = Math.min(2 * fault.everyMs, ROUND_SHARE * this.#roundMs);
      const waitMs = spread * (this.#random.int(1000) / 1000);
      const isDue = await delay(waitMs, true, { signal }).catch(() => false);
      if (!isDue || signal.aborted) return;
      await this.#strike(fault, hostages);
      // The rest of the time until the next one, whatever the length of the round.
      const isNext = await delay(fault.everyMs / 2, true, { signal }).catch(() => false);
      if (!isNext) return;
    }
  }

  async #strike(fault: Strike, hostages: Hostages): Promise<void> {
    const { clock, repeat } = this.#options;
    const indexes = Array.from({ length: hostages.count }, (_, index) => index);
    const living = indexes.filter((index) => hostages.pid(index) !== undefined);
    const busy = living.filter((index) => hostages.isBusy(index));
    const isWanted = fault.kind !== 'crash-images' || this.images.length < fault.limit;
    // One that is killed is replaced before the next one is: else nothing would ever get done. And an
    // image shows what a crash leaves only if everybody is stopped.
    const needsAll = fault.kind === 'kill' || fault.kind === 'crash-images';
    const isTurn = needsAll ? living.length === hostages.count : living.length > 0;
    if (!isTurn || !isWanted) return;
    const victim = this.#random.pick(busy.length > 0 ? busy : living);
    if (fault.kind === 'kill' && !busy.includes(victim)) return;
    const from = clock();
    hostages.touch();
    await this.#do(fault, hostages, { victim, living, from });
    hostages.touch();
    const isForAll = fault.kind === 'crash-images';
    const target = isForAll ? 'all clients' : `clients ${hostages.clients(victim).join(', ')}`;
    this.#note(fault.kind, busy.length > 0, { repeat, from, to: clock(), target });
  }

  async #do(
    fault: Strike,
    hostages: Hostages,
    { victim, living, from }: { victim: number; living: readonly number[]; from: number },
  ): Promise<void> {
    const pid = hostages.pid(victim) as number;
    if (fault.kind === 'kill') return hostages.kill(victim);
    if (fault.kind === 'block') {
      hostages.block(victim, fault.forMs);
      await delay(fault.forMs);
    } else if (fault.kind === 'pause') await pauseFor(pid, fault.forMs);
    else {
      const pids = living.map((index) => hostages.pid(index) as number);
      const image = await copyStopped(pids, this.#options.dir);
      this.images.push({ image, from, to: this.#options.clock() });
    }
  }

  #note(kind: string, isHit: boolean, window: FaultWindow): void {
    const tally = this.#tallies.get(kind);
    if (tally === undefined) return;
    tally.armed += 1;
    if (isHit) tally.hit += 1;
    tally.windows.push(window);
  }
}

async function pauseFor(pid: number, ms: number): Promise<void> {
  await pauseProcess(pid);
  try {
    await delay(ms);
  } finally {
    resumeProcess(pid);
  }
}
