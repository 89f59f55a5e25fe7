import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import type { AnyDeclared } from './declaration.ts';
import { readJournal } from './journal.ts';
import type { Operation } from './operation.ts';
import { clientCount, type Plan, roleOf, type Size } from './plan.ts';
import type { Pool } from './pool.ts';
import type { Job, Reply, Workload } from './protocol.ts';
import { createSlotFile, SlotReader, type SlotStorage, sharedSlots } from './slots.ts';
import { Gate, maySpin } from './start-line.ts';
import { type Stall, Watchdog } from './watchdog.ts';
import type { Worker } from './worker.ts';

export interface RepetitionSettings {
  readonly declared: AnyDeclared;
  readonly plan: Plan;
  readonly workload: Workload;
  readonly size: Size;
  readonly pool: Pool;
  readonly seed: string;
  readonly repeat: number;
  readonly subject: string | undefined;
  readonly startedAt: bigint;
  readonly stallMs: number;
  readonly limitAt: bigint;
  readonly signal: AbortSignal | undefined;
  /** Called when a round is over. */
  readonly onRound: (operations: number) => void;
}

/** What one repetition has come to before anything of it is judged. */
export interface Repetition {
  readonly operations: readonly Operation[];
  readonly shared: unknown;
  readonly workers: number;
  /** By round: nanoseconds between the first and the last client to begin. */
  readonly skews: readonly number[];
  readonly stall: Stall | undefined;
  /** Why workers died. */
  readonly deaths: readonly string[];
}

/**
 * Runs all phases of a plan once, in a directory of its own, and hands what was seen to `judge`
 * before the directory goes. It ends early when a worker dies or nothing moves any more.
 */
export async function runRepetition<T>(
  settings: RepetitionSettings,
  judge: (repetition: Repetition) => Promise<T>,
): Promise<T> {
  // The real path, because stores compare it with what the system says.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-torture-')));
  try {
    return await judge(await perform(settings, root));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function perform(settings: RepetitionSettings, root: string): Promise<Repetition> {
  const { declared, plan, size, seed, repeat, subject, pool } = settings;
  const shared: unknown = await declared.store.create({
    ...size,
    dir: root,
    seed,
    repeat,
    subject,
  });
  const crew = new Crew(settings, root, shared);
  using watchdog = new Watchdog(crew.slots, settings);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(settings.signal?.reason);
  settings.signal?.addEventListener('abort', abort, { once: true });
  // A rejection that nobody came to wait for is not an error.
  aborted.promise.catch(() => undefined);
  try {
    settings.signal?.throwIfAborted();
    const stall = await Promise.race([
      crew.perform(plan, () => watchdog.touch()),
      watchdog.stalled,
      aborted.promise,
    ]);
    // Workers that hang, or of which some died, are of no use to anybody.
    if (stall !== undefined || crew.deaths.length > 0) await pool.kill();
    return { ...crew.result(), shared, stall };
  } catch (error) {
    await pool.kill();
    throw error;
  } finally {
    settings.signal?.removeEventListener('abort', abort);
    crew.close();
  }
}

/** The workers of one repetition and what they have sent. */
class Crew {
  readonly slots: SlotReader;
  readonly deaths: string[] = [];
  readonly #settings: RepetitionSettings;
  readonly #jobs = new Map<Worker, Job>();
  readonly #operations: Operation[] = [];
  readonly #gate = new Gate();

  constructor(settings: RepetitionSettings, root: string, shared: unknown) {
    const { declared, plan, size, pool, seed, repeat, workload, startedAt } = settings;
    this.#settings = settings;
    const clients = clientCount(plan.phases);
    const workers = pool.take(clients);
    const isThreads = size.mode !== 'processes';
    const storage: SlotStorage = isThreads
      ? sharedSlots(clients)
      : { file: join(root, '.torture-slots') };
    if ('file' in storage) createSlotFile(storage.file, clients);
    this.slots = new SlotReader(storage, clients);
    workers.forEach((worker, index) => {
      this.#jobs.set(worker, {
        module: declared.module,
        declaration: declared.name,
        workload,
        size,
        shared,
        seed,
        repeat,
        startedAt,
        clients: numbersFrom(index, clients, workers.length),
        clientCount: clients,
        slots: storage,
        journal: isThreads ? undefined : join(root, `.torture-journal-${index}`),
        spins: maySpin(workers.length),
      });
    });
  }

  /** Every phase and round, until the end or until a worker dies. */
  async perform(plan: Plan, touch: () => void): Promise<undefined> {
    await this.#askAll((worker, job) => worker.ask({ type: 'load', job }));
    touch();
    for (const [index, phase] of plan.phases.entries()) {
      for (let round = 0; round < (phase.rounds ?? 1); round += 1) {
        if (this.deaths.length > 0) return;
        await this.#round(index, round);
        touch();
      }
    }
    if (this.deaths.length > 0) return;
    await this.#askAll((worker) => worker.ask({ type: 'unload' }));
  }

  result(): Pick<Repetition, 'operations' | 'workers' | 'skews' | 'deaths'> {
    const operations = [...this.#operations];
    for (const { journal } of this.#jobs.values()) {
      if (journal !== undefined) operations.push(...readJournal(journal));
    }
    return {
      operations: [...operations, ...this.#abandoned(operations)],
      workers: this.#jobs.size,
      skews: skewsOf(operations),
      deaths: this.deaths,
    };
  }

  close(): void {
    this.slots.close();
  }

  async #round(phase: number, round: number): Promise<void> {
    const before = this.slots.progress();
    const isThreads = this.#settings.size.mode !== 'processes';
    const gate = isThreads ? this.#gate.memory : undefined;
    const turn = this.#gate.nextTurn;
    const armed = await this.#askAll((worker) =>
      worker.ask({ type: 'arm', phase, round, gate, turn }),
    );
    if (armed < this.#jobs.size) return;
    const leadNs = isThreads ? LEAD_THREADS_NS : LEAD_PROCESSES_NS;
    const deadline = process.hrtime.bigint() + leadNs * BigInt(this.#jobs.size);
    if (isThreads) this.#gate.open(deadline);
    await this.#askAll((worker) =>
      isThreads ? worker.next() : worker.ask({ type: 'go', deadline }),
    );
    this.#settings.onRound(this.slots.progress() - before);
  }

  /** Asks every worker and answers how many replied. A death is noted; a failure ends the run. */
  async #askAll(ask: (worker: Worker, job: Job) => Promise<Reply>): Promise<number> {
    const asked = [...this.#jobs].map(async ([worker, job]) => {
      const reply = await ask(worker, job);
      if (reply.type === 'done') this.#operations.push(...reply.operations);
    });
    const results = await Promise.allSettled(asked);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const reason: unknown = result.reason;
      if (!(reason instanceof HoldfastError)) throw reason;
      this.deaths.push(reason.message);
    }
    return results.filter((result) => result.status === 'fulfilled').length;
  }

  /** What was in flight and never returned: nobody knows whether it happened. */
  #abandoned(returned: readonly Operation[]): Operation[] {
    const { phases } = this.#settings.plan;
    return this.slots.inFlight().map(({ client, text, since }) => {
      const last = returned.findLast((operation) => operation.process === client);
      const split = text.indexOf(' ');
      return {
        process: client,
        phase: last?.phase ?? phases.find((phase) => roleOf(phase, client))?.name ?? '',
        round: last?.round ?? 0,
        f: text.slice(0, split),
        input: parsed(text.slice(split + 1)),
        output: undefined,
        outcome: 'info',
        error: 'its worker did not return',
        invokedAt: since,
        returnedAt: undefined,
      };
    });
  }
}

/** Time for the word to spread, for each worker. A message takes longer than a wake-up. */
const LEAD_THREADS_NS = 50_000n;
const LEAD_PROCESSES_NS = 200_000n;

function numbersFrom(first: number, end: number, step: number): number[] {
  const numbers: number[] = [];
  for (let number = first; number < end; number += step) numbers.push(number);
  return numbers;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The input was longer than its slot.
    return text;
  }
}

function skewsOf(operations: readonly Operation[]): number[] {
  const rounds = new Map<string, Map<number, number>>();
  for (const { phase, round, process: client, invokedAt } of operations) {
    const key = `${phase}/${round}`;
    const firsts = rounds.get(key) ?? new Map<number, number>();
    rounds.set(key, firsts);
    firsts.set(client, Math.min(invokedAt, firsts.get(client) ?? Number.POSITIVE_INFINITY));
  }
  return [...rounds.values()]
    .filter((firsts) => firsts.size > 1)
    .map((firsts) => Math.max(...firsts.values()) - Math.min(...firsts.values()));
}
