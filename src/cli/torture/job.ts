import type { Job, Task, Tasks } from '../../tasks.ts';
import type { Report, TortureEvent } from '../../torture.ts';
import type { Call } from '../command.ts';
import { directoryOf } from '../directory.ts';

/** What a run is given so that others can see it and end it. */
export interface Hooks {
  readonly onEvent: (event: TortureEvent) => void;
  readonly signal: AbortSignal;
}

/** The store is for whoever watches: it may not keep a run waiting. */
const LOCK_TIMEOUT_MS = 1000;

/** Longer ones are no names of tasks. */
const NAME_MAX = 256;

/**
 * Runs as a job of the tasks store, so that `holdfast tasks watch` shows it in another terminal and
 * `holdfast tasks cancel` ends it. Where there can be no such store it runs all the same.
 */
export async function asJob(
  call: Call,
  name: string,
  watch: ((event: TortureEvent) => void) | undefined,
  run: (hooks: Hooks) => Promise<Report>,
): Promise<Report> {
  const shown = new ShownRun(call, name);
  const onEvent = (event: TortureEvent): void => {
    watch?.(event);
    shown.follow(event);
  };
  try {
    const report = await run({ onEvent, signal: call.signal });
    await shown.end(report);
    return report;
  } catch (error) {
    await shown.fail(error);
    throw error;
  } finally {
    await shown.close();
  }
}

/** A run as others see it: one round for each of its parts. */
class ShownRun {
  readonly #call: Call;
  readonly #name: string;
  #store: Tasks | undefined;
  #job: Job | undefined;
  #part: Task | undefined;
  /** Events come without waiting, and what they mean for the store goes in their order. */
  #last: Promise<void> = Promise.resolve();
  #isBroken = false;

  constructor(call: Call, name: string) {
    this.#call = call;
    this.#name = name.slice(0, NAME_MAX);
  }

  follow(event: TortureEvent): void {
    if (event.type === 'begin') this.#then(() => this.#begin(event.runs));
    else if (event.type === 'run') this.#then(() => this.#beginPart(event));
    else if (event.type === 'verdict') {
      const { verdict, violations } = event.run;
      this.#then(async () => {
        if (verdict === 'ok') await this.#part?.finish();
        else await this.#part?.fail(violations[0]?.message ?? event.run.reason ?? verdict);
      });
    } else if (event.type === 'progress') this.#progress(event);
  }

  async end({ runs }: Report): Promise<void> {
    const bad = runs.filter(({ verdict }) => verdict !== 'ok').length;
    this.#then(async () => {
      if (bad === 0) await this.#job?.finish();
      else await this.#job?.fail(`${bad} of ${runs.length} verdicts are not ok`);
    });
    await this.#last;
  }

  async fail(error: unknown): Promise<void> {
    this.#then(async () => {
      if (this.#call.signal.aborted) await this.#job?.cancel();
      else await this.#job?.fail(error);
    });
    await this.#last;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#store?.close();
  }

  async #begin(runs: number): Promise<void> {
    const { iterative, leaf, Tasks } = await import('../../tasks.ts');
    const dir = directoryOf(this.#call, undefined);
    this.#store = await Tasks.open({ dir, lockTimeoutMs: LOCK_TIMEOUT_MS });
    // The parts count alike: how much one repeats says nothing of how long it takes. How much that is
    // follows when it begins.
    const plan = iterative(this.#name, [leaf('run', { unit: 'repeats', weight: 1, volume: 1 })], {
      mode: 'dynamic',
      rounds: runs,
    });
    this.#job = await this.#store.register(plan);
    const { signal } = this.#job;
    signal.addEventListener('abort', () => {
      // A job that was removed is no reason to end: then it is not shown any more.
      if (isAbort(signal.reason)) this.#interrupt();
      else this.#isBroken = true;
    });
    await this.#job.start();
  }

  /** As Ctrl-C does, which ends what can no longer be taken back as well. */
  #interrupt(): void {
    this.#call.note('canceled, as was asked for');
    process.kill(process.pid, 'SIGINT');
  }

  async #beginPart(part: TortureEvent & { readonly type: 'run' }): Promise<void> {
    this.#part = await this.#job?.root.next();
    this.#part?.describe(`${part.name} ${part.mode} ${part.title ?? ''}`.trim());
  }

  #progress(event: TortureEvent & { readonly type: 'progress' }): void {
    const { repeat, repeats } = event;
    this.#then(async () => {
      // First, or the part would seem to be further than it is.
      if (this.#part?.volume !== repeats) await this.#part?.setVolume(repeats);
      this.#part?.report({ progress: repeat });
    });
  }

  /** A store that fails is left alone: the run is what counts. */
  #then(step: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.#isBroken) return;
      try {
        await step();
      } catch (error) {
        this.#isBroken = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.#call.note(`progress is not shown by 'holdfast tasks': ${reason}`);
      }
    });
  }
}

function isAbort(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'AbortError';
}
