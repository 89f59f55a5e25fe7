import { closeSync, openSync, writeSync } from 'node:fs';
import type { Operation } from './operation.ts';

/** What a history has to know of a declaration's operations. */
interface Called {
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input.
  readonly in: (draw: any) => any;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input and output.
  readonly run: (store: any, input: any) => any;
}

type InputOf<T extends Called> = ReturnType<T['in']>;
type OutputOf<T extends Called> = Awaited<ReturnType<T['run']>>;
type CalledOps = Readonly<Record<string, Called>>;

/** Every operation of one repetition, in the order in which they began. */
export class History<O extends CalledOps = CalledOps> {
  readonly operations: readonly Operation[];
  readonly #notes: string[] = [];

  constructor(operations: readonly Operation[]) {
    this.operations = operations.toSorted((a, b) => a.invokedAt - b.invokedAt);
  }

  /** The operations of one name, whatever became of them; of one phase when it is named. */
  of<F extends keyof O & string>(
    f: F,
    phase?: string,
  ): readonly Operation<InputOf<O[F]>, OutputOf<O[F]>>[] {
    return this.operations.filter(
      (operation): operation is Operation<InputOf<O[F]>, OutputOf<O[F]>> =>
        operation.f === f && (phase === undefined || operation.phase === phase),
    );
  }

  /** The operations of one name that succeeded. */
  ok<F extends keyof O & string>(
    f: F,
    phase?: string,
  ): readonly Operation<InputOf<O[F]>, OutputOf<O[F]>>[] {
    return this.of(f, phase).filter((operation) => operation.outcome === 'ok');
  }

  /** Puts a figure into the report; it has no part in the verdict. */
  note(text: string): void {
    this.#notes.push(text);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }
}

/** One line of a history on disk, in Jepsen's words. */
export interface HistoryEvent {
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly key?: string | undefined;
  /** The input of an invoke, the result of an ok. */
  readonly value: unknown;
  readonly error?: string | undefined;
  /** Nanoseconds since the run began. */
  readonly time: number;
}

/** The events of a history in real-time order. An operation that never returned has an invoke only. */
export function eventsOf(
  operations: readonly Operation[],
  partition?: (input: unknown) => string,
): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  for (const { process, f, input, output, outcome, error, invokedAt, returnedAt } of operations) {
    const key = partition?.(input);
    events.push({ process, type: 'invoke', f, key, value: input ?? null, time: invokedAt });
    if (returnedAt === undefined) continue;
    const value = (outcome === 'ok' ? output : input) ?? null;
    events.push({ process, type: outcome, f, key, value, error, time: returnedAt });
  }
  // At equal times an invoke comes first, so that what touched counts as concurrent.
  return events.sort(
    (a, b) => a.time - b.time || Number(b.type === 'invoke') - Number(a.type === 'invoke'),
  );
}

/** Writes events as NDJSON, one object a line. */
export function writeHistory(file: string, events: readonly HistoryEvent[]): void {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    for (let at = 0; at < events.length; at += CHUNK_EVENTS) {
      const lines = events.slice(at, at + CHUNK_EVENTS).map((event) => JSON.stringify(event));
      writeSync(descriptor, `${lines.join('\n')}\n`);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Large enough for few writes, small enough for a string of list results. */
const CHUNK_EVENTS = 1000;
