import type { AnyDeclared } from '../declare/declaration.ts';
import { Allowance } from '../stall/allowance.ts';

/** For how long whoever judges waits for a store. */
export interface Patience {
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The declaration as whoever judges can use it: what never comes to its end throws after a while, and
 * from then on everything does at once.
 */
export function patient(declared: AnyDeclared, patience: Patience): AnyDeclared {
  const { store, ops, invariants } = declared;
  const { open, close } = store;
  const calls = new PatientCalls(patience);
  const named = <T extends object, R>(parts: T, make: (name: string, part: T[keyof T]) => R) =>
    Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, make(name, part)]));
  return {
    ...declared,
    store: {
      ...store,
      open: calls.of('open', open),
      close: close && calls.last('close', close),
    },
    ops: named(ops, (name, op) => ({ ...op, run: calls.of(name, op.run) })),
    invariants: invariants && named(invariants, (name, rule) => calls.of(`'${name}'`, rule)),
  };
}

type Call<A extends readonly unknown[], T> = (...args: A) => T | Promise<T>;

class PatientCalls {
  readonly #patience: Patience;
  #hung: Error | undefined;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  of<A extends readonly unknown[], T>(name: string, call: Call<A, T>): Call<A, T> {
    return async (...args) => {
      if (this.#hung) throw this.#hung;
      return this.#within(name, async () => call(...args));
    };
  }

  /** Nothing more is asked of what hangs, nor said of it. */
  last<A extends readonly unknown[]>(name: string, call: Call<A, void>): Call<A, void> {
    const bounded = this.of(name, call);
    return async (...args) => (this.#hung ? undefined : bounded(...args));
  }

  async #within<T>(name: string, call: () => Promise<T>): Promise<T> {
    const { limitMs, signal } = this.#patience;
    const over = Promise.withResolvers<never>();
    using allowance = new Allowance(limitMs);
    void allowance.isUp.then(() => {
      this.#hung = new Error(`${name} has not come to its end within ${Math.round(limitMs)} ms`);
      over.reject(this.#hung);
    });
    const abort = () => over.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([call(), over.promise]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}
