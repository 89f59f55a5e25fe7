import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A system call that was changed. */
export interface InjectedCall {
  readonly call: string;
  readonly thread: number;
  /** Which call of that name it was in its thread, counted from 1. */
  readonly nth: number;
  /** `EIO`, `SIGKILL`, or `delay`. */
  readonly effect: string;
}

/** How long the tracer may go on writing when its process has ended, on a machine that is busy. */
const LOG_MS = 2000;
const LOOK_MS = 2;

/**
 * What the tracer of a process that has ended has done to it, in order. Its last line may come
 * after the end of the process `pid`; one that never comes is not waited for for ever.
 */
export async function straceHits(log: string, pid: number): Promise<InjectedCall[]> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ `, 'm');
  const limitAt = performance.now() + LOG_MS;
  let text = readLog(log);
  while (!end.test(text) && performance.now() < limitAt) {
    await pause(LOOK_MS);
    text = readLog(log);
  }
  return parseStraceLog(text);
}

function readLog(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}

/**
 * Finds the changed calls in what strace wrote. A signal counts where the kernel, not a process,
 * sent it right at a call, or where it ended a thread within one.
 */
export function parseStraceLog(text: string): InjectedCall[] {
  const threads = new Map<number, Thread>();
  const found: InjectedCall[] = [];
  for (const line of text.split('\n')) {
    const [, id, event] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (id === undefined || event === undefined) continue;
    const number = Number(id);
    const thread = threads.get(number) ?? new Thread(number);
    threads.set(number, thread);
    const hit = thread.read(event);
    if (hit) found.push(hit);
  }
  return found;
}

/** The calls of one thread, line by line. */
class Thread {
  readonly #number: number;
  readonly #counts = new Map<string, number>();
  #last = '';
  #isWithin = false;

  constructor(number: number) {
    this.#number = number;
  }

  read(event: string): InjectedCall | undefined {
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(event);
    const begun = /^(\w+)\((.*)$/.exec(event);
    if (begun) this.#begin(begun[1] ?? '');
    if (begun || resumed) return this.#end((begun ?? resumed)?.[2] ?? '');
    const [, sent] = /^--- (SIG\w+) \{.*si_code=SI_KERNEL\W/.exec(event) ?? [];
    const [, killer] = /^\+\+\+ killed by (SIG\w+)/.exec(event) ?? [];
    const signal = sent ?? (this.#isWithin ? killer : undefined);
    return signal === undefined || this.#last === '' ? undefined : this.#hit(signal);
  }

  #begin(call: string): void {
    this.#last = call;
    this.#counts.set(call, (this.#counts.get(call) ?? 0) + 1);
  }

  /** `rest`: what follows the name of the call on the line that has its result, if any. */
  #end(rest: string): InjectedCall | undefined {
    this.#isWithin = /<unfinished \.\.\.>$|= \?$/.test(rest);
    const [, error] = /= -1 (E\w+) .*\(INJECTED\)/.exec(rest) ?? [];
    if (error !== undefined) return this.#hit(error);
    return rest.endsWith('(DELAYED)') ? this.#hit('delay') : undefined;
  }

  #hit(effect: string): InjectedCall {
    const nth = this.#counts.get(this.#last) ?? 0;
    return { call: this.#last, thread: this.#number, nth, effect };
  }
}
