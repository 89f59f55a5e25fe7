import { importDeclaration } from '../declare/declaration.ts';
import { defaultPlan } from '../declare/plan.ts';
import { inspect } from '../judge/inspect.ts';
import { ownThreadId } from '../stall/cpu.ts';
import { realWorld } from '../world/real-world.ts';
import { Client, type ClientContext } from './client.ts';
import { Journal } from './journal.ts';
import { describeError } from './perform.ts';
import type { Interleaved, InterleaveJob, Job, Reply, Request } from './protocol.ts';
import { RunClock } from './run-clock.ts';
import { seekLeaks } from './seek-leaks.ts';
import { SlotWriter } from './slots.ts';
import { Gate, type Instant, waitUntil } from './start-line.ts';
import { Turns } from './turns.ts';

/** What a worker has while it is part of a repetition. */
interface Loaded {
  readonly job: Job;
  readonly clients: readonly Client[];
  readonly slots: SlotWriter;
  readonly journal: Journal | undefined;
}

/** The inside of a worker, the same in a thread and in a process: requests in, replies out. */
export class Host {
  readonly #reply: (reply: Reply) => void;
  readonly #turns = new Turns();
  #loaded: Loaded | undefined;

  constructor(reply: (reply: Reply) => void) {
    this.#reply = reply;
  }

  /** Never rejects: what goes wrong is answered as `failed`. */
  async handle(request: Request): Promise<void> {
    try {
      if (request.type === 'load') await this.#load(request.job);
      else if (request.type === 'unload') await this.#unload();
      else if (request.type === 'go') await this.#round(request.deadline);
      else if (request.type === 'block') blockFor(request.ms);
      else if (request.type === 'inspect') this.#reply(await inspect(request.job, request.now));
      else if (request.type === 'leaks') this.#reply(await seekLeaks(request));
      else if (request.type === 'interleave') await this.#interleave(request.job);
      else {
        const { gate, turn } = request;
        this.#arm(request);
        if (gate) await this.#round(new Gate(gate).pass(turn));
      }
    } catch (error) {
      const { code, message } = describeError(error);
      this.#reply({ type: 'failed', error: `${code}: ${message}` });
    }
  }

  async #load(job: Job): Promise<void> {
    const declared = await importDeclaration(job.module, job.declaration);
    const plan = declared.plan?.(job.size) ?? defaultPlan(Object.keys(declared.ops), job.workload);
    const slots = new SlotWriter(job.slots, job.clientCount);
    const journal = job.journal === undefined ? undefined : new Journal(job.journal);
    const { seed, repeat, clientCount, generation } = job;
    const context: ClientContext = {
      ...{ declared, seed, repeat, phases: plan.phases, generation, clientCount, slots },
      clock: new RunClock(job.startedAt),
      turns: this.#turns,
      record: journal && ((operation) => journal.append(operation)),
    };
    // All at once: opening a store that does not exist yet is a race worth having.
    const clients = await Promise.all(
      job.clients.map(
        async (number) =>
          new Client(number, await declared.store.open(job.shared, realWorld), context),
      ),
    );
    this.#loaded = { job, clients, slots, journal };
    this.#reply({ type: 'loaded', threadId: ownThreadId() });
  }

  #arm({ phase, round, skipped = {} }: Request & { type: 'arm' }): void {
    const { clients, job } = this.#current();
    for (const [index, client] of clients.entries()) {
      client.arm(phase, round, skipped[job.clients[index] ?? -1]);
    }
    this.#reply({ type: 'armed' });
  }

  async #round(deadline: Instant): Promise<void> {
    const { clients, job } = this.#current();
    waitUntil(deadline, job.spins);
    await Promise.all(clients.map((client) => client.run()));
    this.#reply({ type: 'done', operations: clients.flatMap((client) => client.take()) });
  }

  async #unload(): Promise<void> {
    const { clients, slots, journal } = this.#current();
    this.#loaded = undefined;
    await Promise.all(clients.map((client) => client.close()));
    slots.close();
    journal?.close();
    this.#reply({ type: 'unloaded' });
  }

  async #interleave(job: InterleaveJob): Promise<void> {
    // Other workers have no use for what it takes to simulate a machine.
    const { interleave } = await import('../interleave/interleave-job.ts');
    const tell = (interleaved: Interleaved, isLast: boolean) =>
      this.#reply({ type: 'interleaved', interleaved, isLast });
    tell(await interleave(job, (last) => tell(last, true)), false);
  }

  #current(): Loaded {
    if (!this.#loaded) throw new Error('nothing is loaded');
    return this.#loaded;
  }
}

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
