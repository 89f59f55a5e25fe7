import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import { drawRound } from '../declare/draw.ts';
import type { Operation } from '../declare/operation.ts';
import { clientCount, type Phase, roleOf, type Size } from '../declare/plan.ts';
import type { Look } from '../stall/look.ts';
import { readJournal } from './journal.ts';
import type { Hostages, Nemesis } from './nemesis.ts';
import type { Pool } from './pool.ts';
import type { Job, Reply, Workload } from './protocol.ts';
import { createSlotFile, type Slot, SlotReader, SlotWriter, sharedSlots } from './slots.ts';
import { lockLines, stackLines } from './stall-text.ts';
import { Gate, maySpin } from './start-line.ts';
import { type InFlight, type Stall, Watchdog, type WatchdogOptions } from './watchdog.ts';
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
  readonly storeDir: string;
  readonly watchdog: WatchdogOptions;
  /** Who harms the workers while they work. */
  readonly nemesis?: Nemesis | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface KnownStall extends Pick<Stall, 'kind' | 'message'> {
  readonly inFlight: readonly InFlight[];
  /** What workers were at, and who holds which lock, a line each. */
  readonly evidence: readonly string[];
}

/** What the clients of one repetition did, and what became of their workers. */
export interface Repetition {
  readonly operations: readonly Operation[];
  readonly workers: number;
  readonly stall: KnownStall | undefined;
  /** What was said of an operation that took very long while others got on. */
  readonly slow?: string | undefined;
  /** One for each worker that died or could not go on. */
  readonly failures: readonly string[];
}

/** Runs all phases on one store. Resolves whatever the workers do; rejects when it is aborted. */
export async function runRepetition(options: RepetitionOptions): Promise<Repetition> {
  using crew = new Crew(options);
  const isWhole = await crew.run();
  await crew.gatherEvidence();
  if (!isWhole) await options.pool.kill();
  options.signal?.throwIfAborted();
  return crew.result();
}

/** The lead of a deadline over its announcement: time for the slowest worker to hear of it. */
const LEAD_NS = 2_000_000n;
const LEAD_NS_PER_PROCESS = 300_000n;

/** More stacks than that nobody reads. */
const STACKS_MAX = 8;

/** A worker and the clients that it is. */
interface Member {
  worker: Worker;
  job: Job;
  /** From when the nemesis killed it until another one is ready in its place. */
  isKilled: boolean;
  /** Whether it is at the operations of a round. */
  isWorking: boolean;
  /** How many operations of the round each of its clients has behind it, by those that were killed. */
  skipped: Readonly<Record<number, number>>;
}

/** The workers of one repetition and what they have said. */
class Crew implements Disposable, Hostages {
  readonly #options: RepetitionOptions;
  readonly #members: readonly Member[];
  readonly #slots: SlotReader;
  readonly #watchdog: Watchdog;
  readonly #gate = new Gate();
  readonly #aborted: Promise<'aborted'>;
  readonly #listening = new AbortController();
  readonly #operations: Operation[] = [];
  readonly #journals: string[] = [];
  readonly #failures: string[] = [];
  readonly #evidence: string[] = [];
  #stall: Stall | undefined;
  #isOver = false;

  constructor(options: RepetitionOptions) {
    this.#options = options;
    const clients = clientCount(options.phases);
    mkdirSync(options.dir, { recursive: true });
    const file = join(options.dir, 'slots');
    if (options.kind === 'processes') createSlotFile(file, clients);
    const slots = options.kind === 'processes' ? { file } : sharedSlots(clients);
    this.#slots = new SlotReader(slots, clients);
    const workers = options.pool.take(clients);
    const { declared, workload, size, shared, seed, repeat, startedAt } = options;
    this.#members = workers.map((worker, index) => ({
      worker,
      isKilled: false,
      isWorking: false,
      skipped: {},
      job: {
        module: declared.module,
        declaration: declared.name,
        ...{ workload, size, shared, seed, repeat, startedAt, slots },
        clients: share(clients, workers.length, index),
        clientCount: clients,
        generation: 0,
        journal: this.#journal(index, 0),
        spins: maySpin(workers.length),
      },
    }));
    this.#watchdog = new Watchdog(this.#slots, {
      ...options.watchdog,
      observe: () => this.#observe(),
    });
    this.#aborted = new Promise((resolve) => {
      if (options.signal?.aborted) resolve('aborted');
      const { signal } = this.#listening;
      options.signal?.addEventListener('abort', () => resolve('aborted'), { once: true, signal });
    });
  }

  /** Whether every worker got through every phase. */
  async run(): Promise<boolean> {
    const isLoaded = await this.#all(({ worker, job }) => worker.ask({ type: 'load', job }));
    if (!isLoaded) return false;
    for (const [phase, { rounds = 1 }] of this.#options.phases.entries()) {
      for (let round = 0; round < rounds; round += 1) {
        if (!(await this.#round(phase, round))) return false;
      }
    }
    return this.#all(({ worker }) => worker.ask({ type: 'unload' }));
  }

  result(): Repetition {
    const known = this.#known();
    const inFlight = this.#stall?.inFlight ?? this.#slots.inFlight();
    const stall = this.#stall;
    return {
      operations: this.#isBroken() ? [...known, ...this.#lost(inFlight, known)] : known,
      workers: this.#members.length,
      stall: stall && {
        kind: stall.kind,
        message: stall.message,
        inFlight: stall.inFlight.map((slot) => this.#called(slot)),
        evidence: this.#evidence,
      },
      slow: this.#watchdog.slow,
      failures: this.#failures,
    };
  }

  /** Asks those who are stuck what they are at, while they are. */
  async gatherEvidence(): Promise<void> {
    const { workers, kind, inFlight } = this.#stall ?? {};
    if (workers === undefined || kind === 'late') return;
    // In a deadlock each has its part. And who is not at an operation may be at something else.
    const busy = inFlight?.map(({ client }) => client % this.#members.length) ?? [];
    const involved =
      kind === 'deadlock' ? [...new Set([...workers, ...busy])].sort((a, b) => a - b) : workers;
    const asked = involved.length > 0 ? involved : [...this.#members.keys()];
    const stacks = await Promise.all(
      asked.slice(0, STACKS_MAX).map(async (index) => {
        const stack = await this.#members[index]?.worker.stack();
        return stack === undefined ? [] : stackLines(index, stack);
      }),
    );
    this.#evidence.push(...stacks.flat(), ...lockLines(this.#options.storeDir));
  }

  #observe(): Pick<Look, 'clients' | 'workers'> {
    const slots = this.#slots.all();
    const { phases } = this.#options;
    return {
      clients: slots.map(({ client, phase, returned, isInFlight }) => ({
        group: (phases[phase] && roleOf(phases[phase], client)?.role.name) ?? '',
        worker: client % this.#members.length,
        ...{ returned, isInFlight },
      })),
      workers: this.#members.map(({ worker }) => worker.use()),
    };
  }

  get count(): number {
    return this.#members.length;
  }

  get progress(): number {
    return this.#slots.progress();
  }

  pid(index: number): number | undefined {
    const member = this.#members[index];
    return member?.isKilled ? undefined : member?.worker.pid;
  }

  clients(index: number): readonly number[] {
    return this.#members[index]?.job.clients ?? [];
  }

  isBusy(index: number): boolean {
    const clients = new Set(this.clients(index));
    return this.#slots.inFlight().some(({ client }) => clients.has(client));
  }

  kill(index: number): void {
    const member = this.#members[index];
    if (!member?.isWorking || member.isKilled || !member.worker.isAlive) return;
    member.isKilled = true;
    void member.worker.kill();
  }

  block(index: number, ms: number): void {
    this.#members[index]?.worker.tell({ type: 'block', ms });
  }

  touch(): void {
    this.#watchdog.touch();
  }

  [Symbol.dispose](): void {
    // A signal may outlive many repetitions, which it must not keep in memory.
    this.#listening.abort();
    this.#watchdog[Symbol.dispose]();
    this.#slots.close();
  }

  async #round(phase: number, round: number): Promise<boolean> {
    const { kind, nemesis } = this.#options;
    const gate = kind === 'threads' ? this.#gate.memory : undefined;
    const turn = this.#gate.nextTurn;
    const isArmed = await this.#all(({ worker }) =>
      worker.ask({ type: 'arm', phase, round, gate, turn }),
    );
    if (!isArmed) return false;
    const lead = gate ? LEAD_NS : LEAD_NS + LEAD_NS_PER_PROCESS * BigInt(this.#members.length);
    const deadline = process.hrtime.bigint() + lead;
    if (gate) this.#gate.open(deadline);
    nemesis?.begin(this);
    try {
      return await this.#all((member) =>
        gate ? member.worker.next() : this.#go(member, { phase, round, deadline }),
      );
    } finally {
      await nemesis?.end();
    }
  }

  /** Lets a process do its round, and one in its place the rest of it whenever it is killed. */
  async #go(
    member: Member,
    at: { phase: number; round: number; deadline: bigint },
  ): Promise<Reply> {
    member.skipped = {};
    for (;;) {
      member.isWorking = true;
      const reply = await this.#answer(member, at.deadline);
      member.isWorking = false;
      if (!member.isKilled) return reply;
      await this.#revive(member, at);
      // It may have been done before the kill came: then what is left to do is nothing.
    }
  }

  /** What a worker says of its round; of one that was killed, nothing. */
  async #answer(member: Member, deadline: bigint): Promise<Reply> {
    try {
      return await member.worker.ask({ type: 'go', deadline });
    } catch (error) {
      if (member.isKilled) return { type: 'done', operations: [] };
      throw error;
    }
  }

  async #revive(member: Member, { phase, round }: { phase: number; round: number }): Promise<void> {
    const { job, skipped: before } = member;
    const mine = this.#slots.all().filter(({ client }) => job.clients.includes(client));
    const began = mine.filter(({ index, isInFlight }) => isInFlight && index >= 0);
    this.#operations.push(...this.#lost(began, readJournal(job.journal ?? ''), job.generation));
    const generation = job.generation + 1;
    const index = this.#members.indexOf(member);
    member.job = { ...job, generation, journal: this.#journal(index, generation) };
    // Of those that had not begun again the slot only says so.
    const skipped = Object.fromEntries(
      mine.map(({ client, index: last }) => [client, Math.max(last + 1, before[client] ?? 0)]),
    );
    member.skipped = skipped;
    // Nobody is at what it was at, whatever time the next one takes to come.
    const slots = new SlotWriter(job.slots, job.clientCount);
    for (const { client } of mine) slots.place(client, phase, round);
    slots.close();
    member.worker = this.#options.pool.replace(member.worker);
    await member.worker.ask({ type: 'load', job: member.job });
    await member.worker.ask({ type: 'arm', phase, round, skipped, gate: undefined, turn: 0 });
    member.isKilled = false;
    this.#watchdog.touch();
  }

  #journal(index: number, generation: number): string | undefined {
    if (this.#options.kind !== 'processes') return undefined;
    const file = join(this.#options.dir, `journal-${index}-${generation}`);
    this.#journals.push(file);
    return file;
  }

  /** Waits until every worker has answered or died, the watchdog barks, or nobody wants to know. */
  async #all(ask: (member: Member) => Promise<Reply>): Promise<boolean> {
    this.#watchdog.touch();
    const replies = this.#members.map(async (member) => {
      try {
        const reply = await ask(member);
        if (reply.type === 'done') for (const one of reply.operations) this.#operations.push(one);
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        // Workers that are stopped because the run is given up have not failed.
        if (!this.#isOver) this.#failures.push(error.message);
      }
    });
    const end = await Promise.race([Promise.all(replies), this.#watchdog.stalled, this.#aborted]);
    this.#isOver = !Array.isArray(end);
    if (end === 'aborted') return false;
    if (!Array.isArray(end)) this.#stall = end as Stall;
    this.#watchdog.touch();
    return !this.#isBroken();
  }

  #isBroken(): boolean {
    return this.#failures.length > 0 || this.#stall !== undefined;
  }

  #known(): readonly Operation[] {
    return [...this.#operations, ...this.#journals.flatMap((journal) => readJournal(journal))];
  }

  /** What was in flight when a worker died or hung: it may have happened, and nobody knows. */
  #lost(
    inFlight: readonly Slot[],
    known: readonly Operation[],
    generation?: number,
  ): readonly Operation[] {
    const clientCount = this.#members[0]?.job.clientCount ?? 1;
    const returned = new Set(known.map((one) => `${one.process % clientCount} ${one.invokedAt}`));
    return inFlight
      .filter(({ client, since }) => !returned.has(`${client} ${since}`))
      .map((slot) => ({
        process: slot.client + (generation ?? this.#generationOf(slot.client)) * clientCount,
        phase: this.#options.phases[slot.phase]?.name ?? '',
        round: slot.round,
        ...this.#drawn(slot),
        output: undefined,
        outcome: 'info',
        error: 'its worker did not come back',
        invokedAt: slot.since,
        returnedAt: undefined,
      }));
  }

  #generationOf(client: number): number {
    return this.#members.find(({ job }) => job.clients.includes(client))?.job.generation ?? 0;
  }

  #called(slot: Slot): InFlight {
    return { client: slot.client, since: slot.since, ...this.#drawn(slot) };
  }

  #drawn({ phase: at, round, client, index }: Slot): { f: string; input: unknown } {
    const { declared, seed, repeat, phases } = this.#options;
    const phase = phases[at];
    const drawn = phase && drawRound(declared, { seed, repeat, phase, round, client })[index];
    return { f: drawn?.f ?? '?', input: drawn?.input };
  }
}

/** Clients are dealt out, so that those of one role are not all in one worker. */
function share(clients: number, workers: number, index: number): number[] {
  return Array.from({ length: clients }, (_, client) => client).filter(
    (client) => client % workers === index,
  );
}
