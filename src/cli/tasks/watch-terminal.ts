import { setTimeout as passing } from 'node:timers/promises';
import type { JobTree, Update } from '../../tasks.ts';
import { writeAll } from '../output.ts';
import { plainText } from '../text.ts';
import type { FrameSize } from './frame.ts';
import { JobBoard, momentNow } from './job-board.ts';
import type { TasksCall } from './options.ts';
import { Screen } from './screen.ts';
import { endText } from './step-log.ts';
import { statusOf, type Target } from './target.ts';
import { rootOf, Watched } from './watched.ts';

const FRAME_MS = 100;
/** Times pass also where nothing moves. */
const PASSING_MS = 1000;
const LOOK_MS = 1000;
/** After what took long, a rest so much longer, so that large jobs do not keep a core busy. */
const REST_FACTOR = 9;
const REST_MAX_MS = 3000;
/** Of a terminal that does not say how large it is. */
const USUAL_SIZE: FrameSize = { columns: 80, rows: 24 };
const NOTHING = 'No job is active.';
const ENDING = ['SIGTERM', 'SIGHUP'] as const;

/** Shows jobs on a terminal as they go; answers the exit status. */
export async function watchTerminal(call: TasksCall, target: Target): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([call.signal, stop.signal]);
  using view = new TerminalView(target);
  try {
    return await Promise.race([view.follow(signal), view.draw(signal), view.lookAtOwners(signal)]);
  } finally {
    stop.abort();
    await view.paint();
  }
}

export function terminalSize(): FrameSize {
  const { columns, rows } = process.stdout;
  return columns && rows ? { columns, rows } : USUAL_SIZE;
}

async function rested(tookMs: number, leastMs: number, signal: AbortSignal): Promise<void> {
  const restMs = Math.max(leastMs, Math.min(REST_MAX_MS, tookMs * REST_FACTOR));
  await passing(restMs, undefined, { signal });
}

/** One frame in the place of the one before, as long as it is not closed. */
class TerminalView {
  readonly #target: Target;
  readonly #watched = new Watched();
  readonly #board = new JobBoard();
  readonly #screen = new Screen();
  /** What is to stay above the frame. */
  #above: string[] = [];
  /** Whether anything is known yet. */
  #isReady = false;
  #isChanged = false;
  #isGone = false;

  constructor(target: Target) {
    this.#target = target;
    for (const signal of ENDING) process.once(signal, this.#leave);
    process.on('SIGTSTP', this.#pause);
    process.on('SIGCONT', this.#goOn);
    process.stdout.on('resize', this.#redraw);
  }

  [Symbol.dispose](): void {
    for (const signal of ENDING) process.off(signal, this.#leave);
    process.off('SIGTSTP', this.#pause);
    process.off('SIGCONT', this.#goOn);
    process.stdout.off('resize', this.#redraw);
    this.#write(this.#screen.close());
  }

  /** Until the one job has ended. */
  async follow(signal: AbortSignal): Promise<number> {
    const { tasks, filter } = this.#target;
    for await (const update of tasks.subscribe({ ...filter, signal })) {
      await this.#take(update);
      const status = statusOf(this.#target, this.#watched);
      if (status !== undefined) return status;
    }
    signal.throwIfAborted();
    return 0;
  }

  /** Until nobody sees it. */
  async draw(signal: AbortSignal): Promise<number> {
    let paintedAt = 0;
    while (!this.#isGone) {
      const startedAt = performance.now();
      if (this.#isChanged || startedAt - paintedAt >= PASSING_MS) {
        await this.paint();
        paintedAt = startedAt;
      }
      await rested(performance.now() - startedAt, FRAME_MS, signal);
    }
    return 0;
  }

  /** Whether owners answer is in no event. */
  async lookAtOwners(signal: AbortSignal): Promise<never> {
    const { tasks, filter } = this.#target;
    let tookMs = 0;
    for (;;) {
      await rested(tookMs, LOOK_MS, signal);
      const startedAt = performance.now();
      const { items } = await tasks.list({ ...filter, active: true });
      this.#board.meet(items.map(({ owner }) => owner));
      tookMs = performance.now() - startedAt;
    }
  }

  async paint(): Promise<void> {
    if (!this.#isReady) return;
    const size = terminalSize();
    this.#isChanged = false;
    const { isOneJob } = this.#target;
    const jobs = isOneJob ? this.#watched.all : this.#watched.active;
    const lines = this.#board.frame(jobs, size, momentNow());
    const above = this.#above;
    this.#above = [];
    const text = this.#screen.frame(lines.length > 0 ? lines : [NOTHING], size.columns, above);
    this.#isGone = !(await writeAll(1, text));
  }

  async #take(update: Update): Promise<void> {
    if (update.kind !== 'events') {
      this.#watched.reset(update.jobs);
      this.#board.meet(update.owners);
    } else for (const event of update.events) this.#end(this.#watched.apply(event));
    await this.#board.prepare(this.#target.tasks, this.#watched.active);
    this.#isReady = true;
    this.#isChanged = true;
  }

  /** What has ended scrolls away, so that there is room for what goes on. */
  #end(tree: JobTree | undefined): void {
    const root = tree && rootOf(tree);
    if (tree === undefined || root === undefined) return;
    this.#board.forget(tree);
    if (this.#target.isOneJob) return;
    this.#above.push(plainText(`${root.name}: ${endText(root)}  ${tree.job.job}`));
  }

  #write(text: string): void {
    void writeAll(1, text);
  }

  /** The terminal is left as it was found. */
  readonly #leave = (signal: NodeJS.Signals): void => {
    this.#write(this.#screen.close());
    process.kill(process.pid, signal);
  };

  readonly #pause = (): void => {
    this.#write(this.#screen.close());
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #goOn = (): void => {
    this.#screen.forget();
    this.#redraw();
  };

  readonly #redraw = (): void => {
    this.#isChanged = true;
  };
}
