import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import type { AnyDeclared } from './declaration.ts';
import { readJournal } from './journal.ts';
import type { Operation } from './operation.ts';
import { clientCount, type Phase, type Size } from './plan.ts';
import type { Pool } from './pool.ts';
import type { Job, Reply, Workload } from './protocol.ts';
import { createSlotFile, type InFlight, SlotReader, sharedSlots } from './slots.ts';
import { Gate, maySpin } from './start-line.ts';
import { type Stall, Watchdog, type WatchdogOptions } from './watchdog.ts';
import type { Worker, WorkerKind } from './worker.ts';

export interface RepetitionOptions {
  readonly declared: AnyDeclared;
  readonly phases: readonly Phase[];
  readonly workload: Workload;
  readonly size: Size;
  readonly shared: unknown;
  readonly seed: string;
  readonly repeat: number;
  readonly startedAt: bigint;
  readonly kind: WorkerKind;
  readonly pool: Pool;
  /** For what the rig itself keeps of this repetition. */
  readonly dir: string;
  readonly watchdog: WatchdogOptions;
  readonly signal: AbortSignal | undefined;
}

/** What the clients of one repetition did, and what became of their workers. */
export interface Repetition {
  readonly operations: readonly Operation[];
  readonly workers: number;
  readonly stall: Stall | undefined;
  /** One for each worker that died or could not go on. */
  readonly failures: readonly string[];
}

/** Runs all phases on one store. Resolves whatever the workers do; rejects when it is aborted. */
export async function runRepetition(options: RepetitionOptions): Promise<Repetition> {
  using crew = new Crew(options);
  const isWhole = await crew.run();
  if (!isWhole) await options.pool.kill();
  options.signal?.throwIfAborted();
  return crew.result();
}

/** The lead of a deadline over its announcement: time for the slowest worker to hear of it. */
const LEAD_NS = 2_000_000n;
const LEAD_NS_PER_PROCESS = 300_000n;

/** The workers of one repetition and what they have said. */
class Crew implements Disposable {
  readonly #options: RepetitionOptions;
  readonly #workers: readonly Worker[];
  readonly #jobs: readonly Job[];
  readonly #slots: SlotReader;
  readonly #watchdog: Watchdog;
  readonly #gate = new Gate();
  readonly #aborted: Promise<'aborted'>;
  readonly #operations: Operation[] = [];
  readonly #failures: string[] = [];
  #stall: Stall | undefined;

  constructor(options: RepetitionOptions) {
    this.#options = options;
    const clients = clientCount(options.phases);
    mkdirSync(options.dir, { recursive: true });
    const file = join(options.dir, 'slots');
    if (options.kind === 'processes') createSlotFile(file, clients);
    const storage = options.kind === 'processes' ? { file } : sharedSlots(clients);
    this.#slots = new SlotReader(storage, clients);
    this.#workers = options.pool.take(clients);
    const { declared, workload, size, shared, seed, repeat, startedAt } = options;
    this.#jobs = this.#workers.map((_, index) => ({
      module: declared.module,
      declaration: declared.name,
      ...{ workload, size, shared, seed, repeat, startedAt },
      clients: share(clients, this.#workers.length, index),
      clientCount: clients,
      slots: storage,
      journal: options.kind === 'processes' ? join(options.dir, `journal-${index}`) : undefined,
      spins: maySpin(this.#workers.length),
    }));
    this.#watchdog = new Watchdog(this.#slots, options.watchdog);
    this.#aborted = new Promise((resolve) => {
      if (options.signal?.aborted) resolve('aborted');
      options.signal?.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
  }

  /** Whether every worker got through every phase. */
  async run(): Promise<boolean> {
    const { phases } = this.#options;
    const jobs = this.#jobs;
    const isLoaded = await this.#all((worker, index) =>
      worker.ask({ type: 'load', job: jobs[index] as Job }),
    );
    if (!isLoaded) return false;
    for (const [phase, { rounds = 1 }] of phases.entries()) {
      for (let round = 0; round < rounds; round += 1) {
        if (!(await this.#round(phase, round))) return false;
      }
    }
    return this.#all((worker) => worker.ask({ type: 'unload' }));
  }

  result(): Repetition {
    const returned = this.#jobs.flatMap(({ journal }) =>
      journal === undefined ? [] : readJournal(journal),
    );
    const operations = [...this.#operations, ...returned];
    return {
      operations: this.#isBroken() ? [...operations, ...this.#lost(operations)] : operations,
      workers: this.#workers.length,
      stall: this.#stall,
      failures: this.#failures,
    };
  }

  [Symbol.dispose](): void {
    this.#watchdog[Symbol.dispose]();
    this.#slots.close();
  }

  async #round(phase: number, round: number): Promise<boolean> {
    const gate = this.#options.kind === 'threads' ? this.#gate.memory : undefined;
    const turn = this.#gate.nextTurn;
    const isArmed = await this.#all((worker) =>
      worker.ask({ type: 'arm', phase, round, gate, turn }),
    );
    if (!isArmed) return false;
    const lead = gate ? LEAD_NS : LEAD_NS + LEAD_NS_PER_PROCESS * BigInt(this.#workers.length);
    const deadline = process.hrtime.bigint() + lead;
    if (gate) this.#gate.open(deadline);
    return this.#all((worker) => (gate ? worker.next() : worker.ask({ type: 'go', deadline })));
  }

  /** Waits until every worker has answered or died, the watchdog barks, or nobody wants to know. */
  async #all(ask: (worker: Worker, index: number) => Promise<Reply>): Promise<boolean> {
    this.#watchdog.touch();
    const replies = this.#workers.map(async (worker, index) => {
      try {
        const reply = await ask(worker, index);
        if (reply.type === 'done') for (const one of reply.operations) this.#operations.push(one);
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        this.#failures.push(error.message);
      }
    });
    const end = await Promise.race([Promise.all(replies), this.#watchdog.stalled, this.#aborted]);
    if (end === 'aborted') return false;
    if (!Array.isArray(end)) this.#stall = end as Stall;
    this.#watchdog.touch();
    return !this.#isBroken();
  }

  #isBroken(): boolean {
    return this.#failures.length > 0 || this.#stall !== undefined;
  }

  /** What was in flight when a worker died or hung: it may have happened, and nobody knows. */
  #lost(known: readonly Operation[]): Operation[] {
    const inFlight = this.#stall?.inFlight ?? this.#slots.inFlight();
    const ends = new Map<number, number>();
    for (const { process, returnedAt = 0 } of known) {
      ends.set(process, Math.max(ends.get(process) ?? 0, returnedAt));
    }
    return inFlight.filter(({ client, since }) => since >= (ends.get(client) ?? 0)).map(lostOne);
  }
}

function lostOne({ client, text, since }: InFlight): Operation {
  const [f = '', ...rest] = text.split(' ');
  return {
    process: client,
    phase: '',
    round: 0,
    f,
    input: rest.join(' '),
    output: undefined,
    outcome: 'info',
    error: 'its worker did not come back',
    invokedAt: since,
    returnedAt: undefined,
  };
}

/** Clients are dealt out, so that those of one role are not all in one worker. */
function share(clients: number, workers: number, index: number): number[] {
  return Array.from({ length: clients }, (_, client) => client).filter(
    (client) => client % workers === index,
  );
}
