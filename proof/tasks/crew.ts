import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process can be asked for, by name. */
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A call, and its answer. */
export interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Another process, which does what it is asked (`serve.ts`). It ends with this one. */
export class Hand<T extends Calls> implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (response: Response) => void>();
  readonly #exit: Promise<unknown>;
  #count = 0;

  /** `script` is a module that calls `serve` with the functions of `T`. */
  constructor(script: string) {
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const execArgv = ['--disable-warning=HoldfastTasksWarning'];
    this.child = fork(script, { env, execArgv, serialization: 'advanced' });
    this.child.on('message', (response) => this.#settle(response as Response));
    this.#exit = once(this.child, 'exit');
    this.#exit.then(() => {
      for (const id of this.#waiting.keys()) this.#settle({ id, error: 'the process has ended' });
    });
  }

  /** Asks for `name`; the process begins at once, whatever else it is doing. */
  async call<Name extends keyof T & string>(
    name: Name,
    ...args: Parameters<T[Name]>
  ): Promise<Awaited<ReturnType<T[Name]>>> {
    this.#count += 1;
    const request: Request = { id: this.#count, name, args };
    const { value, error } = await new Promise<Response>((resolve) => {
      this.#waiting.set(request.id, resolve);
      this.child.send(request, (failure) => {
        if (failure) this.#settle({ id: request.id, error: String(failure) });
      });
    });
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    // What comes back over the channel is what the function of that name has answered.
    return value as Awaited<ReturnType<T[Name]>>;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #settle(response: Response): void {
    this.#waiting.get(response.id)?.(response);
    this.#waiting.delete(response.id);
  }
}

/** Processes that do the same at once. */
export class Crew<T extends Calls> implements AsyncDisposable {
  readonly hands: readonly Hand<T>[];

  constructor(script: string, count: number) {
    this.hands = Array.from({ length: count }, () => new Hand<T>(script));
  }

  /** Asks all of them, each with what `args` answers for its number; their answers in that order. */
  async all<Name extends keyof T & string>(
    name: Name,
    args: (nth: number) => Parameters<T[Name]>,
  ): Promise<Awaited<ReturnType<T[Name]>>[]> {
    return await Promise.all(this.hands.map((hand, nth) => hand.call(name, ...args(nth))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hands.map((hand) => hand.kill()));
  }
}
