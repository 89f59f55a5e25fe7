import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../declare/random.ts';
import type { DirectoryImage } from '../faults/directory-image.ts';
import type { Fault } from '../faults/fault.ts';
import { copyStopped, pauseProcess, resumeProcess } from '../faults/signals.ts';
import type { FaultReport, FaultWindow } from '../report/report.ts';

/** Workers that a nemesis can harm. */
export interface Hostages {
  readonly count: number;
  /** Another number whenever an operation has returned. */
  readonly progress: number;
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
export type Strike = Extract<Fault, { readonly kind: 'kill' | 'pause' | 'block' | 'crash-images' }>;

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

/** Of all images of a repetition: they are kept in memory until it is over. */
const IMAGES_BYTES_MAX = 512 * 1024 * 1024;

/** Oftener than anybody looks how a run gets on. */
const TOUCH_MS = 20;

/** What became of one fault. */
interface Tally {
  armed: number;
  hit: number;
  readonly windows: FaultWindow[];
  /** Of the run, when it struck last. */
  progress: number | undefined;
  skipped: string | undefined;
}

/** Harms workers while a round goes on: each fault in its own time, by the seed. */
export class Nemesis {
  readonly images: CrashImage[] = [];
  readonly #options: NemesisOptions;
  readonly #random: Random;
  readonly #tallies: ReadonlyMap<Strike, Tally>;
  #imageBytes = 0;
  #isCopying = false;
  #stop = new AbortController();
  #campaigns: Promise<void>[] = [];
  #roundMs = 20;
  #beganAt = 0;

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#random = new Random(`${options.seed}/${options.repeat}/nemesis`);
    this.#tallies = new Map(
      options.faults.map((fault) => [
        fault,
        { armed: 0, hit: 0, windows: [], progress: undefined, skipped: undefined },
      ]),
    );
  }

  begin(hostages: Hostages): void {
    this.#stop = new AbortController();
    this.#beganAt = performance.now();
    this.#campaigns = [...this.#tallies].map(([fault, tally]) =>
      this.#campaign(fault, tally, hostages),
    );
  }

  /** Resolves when nobody is harmed any more. What was to last longer ends now. */
  async end(): Promise<void> {
    this.#roundMs = performance.now() - this.#beganAt;
    this.#stop.abort();
    await Promise.all(this.#campaigns);
  }

  reports(): readonly FaultReport[] {
    return [...this.#tallies].map(([{ kind }, { progress, ...tally }]) => ({
      fault: kind,
      ...tally,
    }));
  }

  /** Never rejects: what cannot be done here is no fault of the store. */
  async #campaign(fault: Strike, tally: Tally, hostages: Hostages): Promise<void> {
    try {
      while (tally.skipped === undefined && (await this.#isDue(fault))) {
        await this.#strike(fault, tally, hostages);
        // The rest of the time until the next one, whatever the length of the round.
        if (!(await this.#wait(fault.everyMs / 2))) return;
      }
    } catch (error) {
      tally.skipped = error instanceof Error ? error.message : String(error);
    }
  }

  #isDue({ everyMs }: Strike): Promise<boolean> {
    const spread = Math.min(2 * everyMs, ROUND_SHARE * this.#roundMs);
    return this.#wait(spread * (this.#random.int(1000) / 1000));
  }

  /** False when the round is over before. */
  #wait(ms: number): Promise<boolean> {
    const { signal } = this.#stop;
    return delay(ms, true, { signal }).catch(() => false);
  }

  async #strike(fault: Strike, tally: Tally, hostages: Hostages): Promise<void> {
    const { clock, repeat } = this.#options;
    const indexes = Array.from({ length: hostages.count }, (_, index) => index);
    const living = indexes.filter((index) => hostages.pid(index) !== undefined);
    const busy = living.filter((index) => hostages.isBusy(index));
    const { progress, count } = hostages;
    if (!this.#isTurn(fault, tally, { progress, living, busy, count })) return;
    const victim = this.#random.pick(busy.length > 0 ? busy : living);
    const from = clock();
    using _ = touching(hostages);
    if (!(await this.#do(fault, hostages, { victim, living, from }))) return;
    const isForAll = fault.kind === 'crash-images';
    const target = isForAll ? 'all clients' : `clients ${hostages.clients(victim).join(', ')}`;
    tally.progress = progress;
    tally.armed += 1;
    if (busy.length > 0) tally.hit += 1;
    tally.windows.push({ repeat, from, to: clock(), target });
  }

  #isTurn(fault: Strike, { progress }: Tally, look: Look): boolean {
    const isEverybodyThere = look.living.length === look.count;
    if (fault.kind === 'crash-images') {
      const isWanted = this.images.length < fault.limit && this.#imageBytes < IMAGES_BYTES_MAX;
      // It shows what a crash leaves only if everybody is stopped.
      return isWanted && isEverybodyThere;
    }
    // Who harms a run that stands still hides that it does.
    if (progress === look.progress) return false;
    if (fault.kind !== 'kill') return look.living.length > 0;
    // One that is killed is replaced before the next one is: else nothing would ever get done. And
    // nobody begins in the place of another while the others are stopped for an image.
    return isEverybodyThere && !this.#isCopying && look.busy.length > 0;
  }

  /** Answers whether it was done. */
  async #do(
    fault: Strike,
    hostages: Hostages,
    { victim, living, from }: { victim: number; living: readonly number[]; from: number },
  ): Promise<boolean> {
    const pids = living.flatMap((index) => hostages.pid(index) ?? []);
    if (fault.kind === 'kill') {
      hostages.kill(victim);
    } else if (fault.kind === 'block') {
      hostages.block(victim, fault.forMs);
      await this.#wait(fault.forMs);
    } else if (fault.kind === 'pause') {
      await this.#pause(pids[living.indexOf(victim)] as number, fault.forMs);
    } else return this.#copy(pids, from);
    return true;
  }

  async #pause(pid: number, ms: number): Promise<void> {
    if (!(await pauseProcess(pid))) return;
    try {
      await this.#wait(ms);
    } finally {
      resumeProcess(pid);
    }
  }

  async #copy(pids: readonly number[], from: number): Promise<boolean> {
    this.#isCopying = true;
    try {
      const image = await copyStopped(pids, this.#options.dir);
      this.images.push({ image, from, to: this.#options.clock() });
      for (const { bytes } of image.files) this.#imageBytes += bytes.length;
      return true;
    } finally {
      this.#isCopying = false;
    }
  }
}

/** What can be seen of the workers before one of them is harmed. */
interface Look {
  readonly progress: number;
  readonly living: readonly number[];
  readonly busy: readonly number[];
  readonly count: number;
}

/** Time does not count until this is disposed of. */
function touching(hostages: Hostages): Disposable {
  hostages.touch();
  const timer = setInterval(() => hostages.touch(), TOUCH_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      hostages.touch();
    },
  };
}
