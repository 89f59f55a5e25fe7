import { setTimeout as passing } from 'node:timers/promises';
import { HoldfastError } from '../../errors.ts';
import type { Job, ProgressReport } from '../../tasks.ts';
import { Child, type ChildEnd } from '../child.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { durationMs } from '../time.ts';
import { LineTap } from './line-tap.ts';
import { withTasks } from './open.ts';
import type { TasksCall } from './options.ts';
import { ProgressLines } from './progress-lines.ts';

const KILL_AFTER_MS = 10_000;
/** How long what a program printed last may take to be read. */
const READ_MS = 500;
/** As timeout(1) has it. */
const TIMED_OUT = 124;
const NAME_MAX = 256;
/** Beyond it Node's timers fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

const options = {
  job: { type: 'text', value: 'ID', help: 'Id of the job; a new one by default' },
  name: { type: 'text', value: 'TEXT', help: 'What it is called; the command by default' },
  progress: { type: 'flag', help: 'Read its progress from what it prints' },
  volume: {
    ...{ type: 'integer', value: 'N', max: Number.MAX_SAFE_INTEGER },
    help: 'How much there is to do',
  },
  timeout: { type: 'text', value: 'TIME', help: 'End it after so long: 30s, 15m, 2h' },
} as const satisfies OptionTable;

type RunCall = TasksCall<typeof options>;

export const run: Command = {
  options,
  args: [{ name: 'COMMAND', help: 'Program, and its arguments', required: true, count: 'rest' }],
  details: `The job begins and ends with the command; it has failed when the exit status is not 0. When it is
to be canceled, the command gets SIGTERM, and SIGKILL ten seconds later. --progress understands
lines like {"progress":12,"total":40,"message":"linking"}, [12/40], 42% and 12/40, whichever comes
first, and passes all output on as it is; the program may then see that it writes to no terminal.
The exit status is that of the command, ${TIMED_OUT} after a timeout.`,
  async run(call: RunCall) {
    const { job: id, name = nameOf(call.args), volume, timeout } = call.options;
    const timeoutMs = timeout === undefined ? undefined : timeoutOf(timeout);
    const { leaf } = await import('../../tasks.ts');
    const plan = leaf(name, { volume });
    return await withTasks(call, async (tasks) => {
      return await runAs(await tasks.register(plan, { job: id }), call, timeoutMs);
    });
  },
};

/** @throws UsageError */
function timeoutOf(text: string): number {
  const ms = durationMs(text);
  if (ms <= TIMER_MAX_MS) return ms;
  throw new UsageError(`'${text}' is more than the 24 days that a timer takes`);
}

/** A command as the name of a job. */
function nameOf(argv: readonly string[]): string {
  const line = argv.join(' ').replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return line.length > NAME_MAX ? `${line.slice(0, NAME_MAX - 1)}…` : line || ' ';
}

async function runAs(job: Job, call: RunCall, timeoutMs: number | undefined): Promise<number> {
  await job.root.start();
  using child = new Child();
  using ending = new Ending(child);
  const cancel = (): void => ending.begin('canceled');
  job.signal.addEventListener('abort', cancel, { once: true });
  try {
    const { ended, written } = child.start({
      ...{ argv: call.args, cwd: call.cwd, env: call.env, descriptors: new Map() },
      through: call.options.progress ? tapOf(job, call.options.volume) : undefined,
    });
    if (job.signal.aborted) cancel();
    if (timeoutMs !== undefined) ending.beginAfter(timeoutMs);
    const end = await ended;
    // What it started may hold its output open for much longer.
    await Promise.race([written, passing(READ_MS, undefined, { ref: false })]);
    await record(call, job, end, ending.reason);
    if (ending.reason === undefined) await written;
    return ending.reason === 'timed out' ? TIMED_OUT : end.status;
  } catch (error) {
    // It could not be started.
    if (job.status === 'running') await job.root.fail(error);
    throw error;
  }
}

type Reason = 'canceled' | 'timed out';

/** Ends a command, at most once. */
class Ending {
  readonly #child: Child;
  #reason: Reason | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(child: Child) {
    this.#child = child;
  }

  /** Why it was to end; undefined as long as nothing was done about it. */
  get reason(): Reason | undefined {
    return this.#reason;
  }

  begin(reason: Reason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#child.kill('SIGTERM');
    this.#timers.push(setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS));
  }

  beginAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.begin('timed out'), ms));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** Both outputs tell of one progress. */
function tapOf({ root }: Job, volume: number | undefined): () => LineTap {
  const lines = new ProgressLines();
  const tell = (line: string): void => {
    const report = lines.read(line);
    if (report) root.report(scaled(report, volume));
  };
  return () => new LineTap(tell);
}

/** Percents are of the volume that was given. */
function scaled(report: ProgressReport, volume: number | undefined): ProgressReport {
  const { progress, total } = report;
  if (volume === undefined || total !== 100) return report;
  return { ...report, progress: (progress * volume) / total, total: volume };
}

/** What the file cannot be told is no reason to end otherwise than the command did. */
async function record(
  call: RunCall,
  job: Job,
  { status, signal }: ChildEnd,
  reason: Reason | undefined,
): Promise<void> {
  try {
    if (reason === 'timed out') await job.root.fail(`timed out after ${call.options.timeout}`);
    else if (reason === 'canceled' || (call.signal.aborted && status !== 0))
      await job.root.cancel();
    else if (signal !== undefined) await job.root.fail(`ended by ${signal}`);
    else if (status !== 0) await job.root.fail(`exit status ${status}`);
    else await job.root.finish();
  } catch (error) {
    // The store has said so itself.
    if (error instanceof HoldfastError && error.code === 'DETACHED') return;
    const { failureOf } = await import('../failure.ts');
    call.note(`Warning: the end of job ${job.id} is not recorded: ${failureOf(error).message}`);
  }
}
