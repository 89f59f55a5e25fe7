import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../errors.ts';
import type { World } from '../world/world.ts';
import type { History } from './history.ts';
import type { Input } from './input.ts';
import type { Operation as Recorded } from './operation.ts';
import type { Mode, Plan, Size } from './plan.ts';

/** What `create` is told. */
export interface CreateContext extends Size {
  /** An empty directory, removed after the repetition. In mode interleave it is in memory. */
  readonly dir: string;
  readonly world: World;
  readonly seed: string;
  readonly repeat: number;
  /** Module of another implementation of the store, as a URL. */
  readonly subject: string | undefined;
}

/** How the store under test comes and goes. */
export interface Store<C, S> {
  /** Once a repetition. Answers plain data, which every worker is sent. */
  readonly create: (context: CreateContext) => C | Promise<C>;
  /** Once a client, in its worker; again after each crash, and for the invariants. */
  readonly open: (shared: C, world: World) => S | Promise<S>;
  readonly close?: ((store: S) => void | Promise<void>) | undefined;
}

/** What a thrown error means: it did not happen, nobody knows, or it must not be thrown. */
export type Fate = 'fail' | 'info' | 'bug';

/** A state that no order of operations explains, with the reason. */
export interface Illegal {
  readonly illegal: string;
}

/** Several states, of which the operation may have led to any. */
export interface OneOf<M> {
  readonly oneOf: readonly M[];
}

/**
 * False or `illegal`: cannot be. True: legal, same state. Else the next state, or several: as
 * `oneOf`, or as what a generator yields. One that yields nothing says that it cannot be, and may
 * return the reason.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a generator without `return` returns nothing.
export type Step<M> = boolean | Illegal | OneOf<M> | Generator<M, Illegal | void> | M;

/** One operation: how its input is drawn, the real call, and what it means for the model. */
export interface Op<S, I, O, M> {
  readonly in: Input<I>;
  readonly run: (store: S, input: I) => O | Promise<O>;
  /**
   * What a result means for the model. Of an operation of unknown outcome it is asked with the output
   * undefined, and answers every state to which that may have led.
   */
  readonly spec?: ((model: M, input: I, output: O) => Step<M>) | undefined;
  /** By `code` (else `name`) of a thrown error. What is not named is a `bug`. */
  readonly on?: Readonly<Record<string, Fate>> | undefined;
}

/** What an invariant answers: nothing or true when it holds. A throw is a violation too. */
export type Finding = undefined | boolean | string | Broken | readonly (string | Broken)[];

/** A broken invariant with the operations that show it. */
export interface Broken {
  readonly message: string;
  readonly operations?: readonly Recorded[] | undefined;
}

/**
 * `no-deadlock`: no operation stays in flight without progress (always checked). `all-ok`: every
 * operation succeeds. `linearizable`: some order of the operations that respects real time explains
 * every result by `spec`. `no-leak`: opening, working and closing again and again leaves no
 * descriptors, files, children or memory behind (looked at in processes).
 */
export type Expectation = 'no-deadlock' | 'all-ok' | 'linearizable' | 'no-leak';

// biome-ignore lint/suspicious/noExplicitAny: each operation has its own input and output.
export type Ops<S, M> = Readonly<Record<string, Op<S, any, any, M>>>;

// biome-ignore lint/suspicious/noExplicitAny: whoever runs a declaration knows nothing of its store.
export type AnyOps = Ops<any, any>;

/** `op` for a store and a model that are known. */
export type OpOf<S, M> = <I, O>(operation: Op<S, I, O, M>) => Op<S, I, O, M>;

export interface Model<M> {
  readonly init: M;
  /** The key of an input: operations on different keys do not touch each other. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs differ by operation.
  readonly partition?: ((input: any) => string) | undefined;
}

/** An operation with its input. */
export interface FinalRead<F extends string = string> {
  readonly f: F;
  readonly input: unknown;
}

/** A store, what can be done with it, and what must hold. */
export interface Declaration<C, S, M, O extends Ops<S, M>> {
  readonly name: string;
  readonly store: Store<C, S>;
  /** As a function of `op` the store and the model need no annotation in `run` and `spec`. */
  readonly ops: O | ((op: OpOf<S, M>) => O);
  readonly model?: Model<M> | undefined;
  /** Who does what; by default every client draws from all operations. */
  readonly plan?: ((size: Size) => Plan<NoInfer<keyof O & string>>) | undefined;
  /** Checked on a fresh handle when all clients of a repetition have closed theirs. */
  readonly invariants?:
    | Readonly<
        Record<
          string,
          (
            store: S,
            history: History<O>,
            shared: C,
            // biome-ignore lint/suspicious/noConfusingVoidType: an invariant made of assertions returns nothing.
          ) => Finding | void | Promise<Finding | void>
        >
      >
    | undefined;
  /**
   * What a fresh client reads at the end, and after each crash of what the crash has left. These are
   * operations of the history like all others, so `linearizable` means durable too.
   */
  readonly finalReads?: readonly FinalRead<NoInfer<keyof O & string>>[] | undefined;
  readonly expect?: readonly Expectation[] | undefined;
  /** Modes that it is meant for, of those that run one after the other; all of them by default. */
  readonly modes?: readonly Exclude<Mode, 'cli'>[] | undefined;
  /** URL of the module that exports this declaration; found by itself as a rule. */
  readonly module?: string | undefined;
}

/** A declaration that is known to hold together, and where every worker can import it. */
export type Declared<C, S, M, O extends Ops<S, M>> = Omit<Declaration<C, S, M, O>, 'ops'> & {
  readonly ops: O;
  readonly module: string;
};

// biome-ignore lint/suspicious/noExplicitAny: whoever runs a declaration knows nothing of its store.
export type AnyDeclared = Declared<any, any, any, AnyOps>;

/**
 * Declares a store under test. The declaration is exported from a module of its own, under any
 * name or as default, because every worker imports that module.
 * @throws DECLARATION_INVALID
 */
export function torture<C, S, M, O extends Ops<S, M>>(
  declaration: Declaration<C, S, M, O>,
): Declared<C, S, M, O> {
  const { ops } = declaration;
  const resolved = typeof ops === 'function' ? ops((operation) => operation) : ops;
  assertSound(declaration, resolved);
  return { ...declaration, ops: resolved, module: declaration.module ?? callerModule(torture) };
}

/** Gives an operation its types, from `in` through `run` to `spec`. */
// biome-ignore lint/suspicious/noExplicitAny: store and model are known only where `ops` is a function.
export function op<I, O, S = any, M = any>(operation: Op<S, I, O, M>): Op<S, I, O, M> {
  return operation;
}

/** For `spec`: this result cannot be, and why. */
export function illegal(reason: string): Illegal {
  return { illegal: reason };
}

/** For `spec`: any of these states may be the next. Without any, the result cannot be. */
export function oneOf<M>(...states: readonly M[]): OneOf<M> {
  return { oneOf: states };
}

export function isDeclared(value: unknown): value is AnyDeclared {
  return (
    typeof value === 'object' &&
    value !== null &&
    'store' in value &&
    'ops' in value &&
    'module' in value &&
    'name' in value
  );
}

/**
 * Imports a declaration: the one called `name`; without a name the default export, or the only one.
 * @throws DECLARATION_INVALID
 */
export async function importDeclaration(module: string, name?: string): Promise<AnyDeclared> {
  const exports: Record<string, unknown> = await import(module);
  if (name === undefined && isDeclared(exports.default)) return exports.default;
  const found = [...new Set(Object.values(exports))].filter(isDeclared);
  const match = name === undefined ? found : found.filter((one) => one.name === name);
  const [declared] = match;
  if (declared !== undefined && match.length === 1) return declared;
  const what = name === undefined ? 'one declaration' : `one declaration named '${name}'`;
  const names = found.map((one) => `'${one.name}'`).join(', ') || 'none';
  throw new HoldfastError(
    'DECLARATION_INVALID',
    `${module} must export exactly ${what}; it exports ${names}`,
  );
}

function assertSound(
  declaration: { name: string; expect?: unknown; model?: { init: unknown } | undefined },
  ops: object,
): void {
  const { name, expect, model } = declaration;
  const refuse = (reason: string): never => {
    throw new HoldfastError('DECLARATION_INVALID', `declaration '${name}': ${reason}`);
  };
  if (Object.keys(ops).length === 0) refuse('there is no operation');
  // A spec says by true and false whether a result can be.
  if (typeof model?.init === 'boolean')
    refuse('a state cannot be true or false: put it in an object');
  const known: readonly unknown[] = ['no-deadlock', 'all-ok', 'linearizable', 'no-leak'];
  for (const one of Array.isArray(expect) ? expect : []) {
    if (!known.includes(one)) refuse(`nothing checks '${one}'; known are ${known.join(', ')}`);
  }
  if (Array.isArray(expect) && expect.includes('linearizable')) {
    if (model === undefined) refuse(`'linearizable' needs a model`);
    for (const [f, operation] of Object.entries(ops)) {
      if (!operation.spec) refuse(`'linearizable' needs a spec for ${f}`);
    }
  }
}

/** The module that called `callee`, from the stack: the one thing a declaration cannot say itself. */
function callerModule(callee: unknown): string {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName();
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callee as typeof torture);
    if (typeof holder.stack === 'string') return holder.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  throw new HoldfastError(
    'DECLARATION_INVALID',
    'set `module: import.meta.url` in the declaration',
  );
}

/** The path of a declaration's module, for messages. */
export function modulePath(declared: AnyDeclared): string {
  return declared.module.startsWith('file:') ? fileURLToPath(declared.module) : declared.module;
}
