import { HoldfastError } from '../../errors.ts';
import type { AnyDeclared, CreateContext } from '../declare/declaration.ts';
import { Allowance } from '../stall/allowance.ts';
import { describeError } from './perform.ts';

/** A store that all clients share, or why there is none. */
export type Creation =
  | { readonly kind: 'created'; readonly shared: unknown }
  /** Its own fault. */
  | { readonly kind: 'failed' | 'hung'; readonly reason: string };

/**
 * Calls `create`, which may throw, and may never come to an end.
 * @throws DECLARATION_INVALID when workers cannot be given what it answers
 * @throws the reason of the signal
 */
export async function createStore(
  declared: AnyDeclared,
  context: CreateContext,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal | undefined },
): Promise<Creation> {
  signal?.throwIfAborted();
  const late = Promise.withResolvers<Creation>();
  const reason = `create has not come to its end within ${Math.round(limitMs)} ms`;
  using allowance = new Allowance(limitMs);
  void allowance.isUp.then(() => late.resolve({ kind: 'hung', reason }));
  const abort = () => late.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([attempt(declared, context), late.promise]);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function attempt(declared: AnyDeclared, context: CreateContext): Promise<Creation> {
  let shared: unknown;
  try {
    shared = await declared.store.create(context);
  } catch (error) {
    return { kind: 'failed', reason: creationFailure(error) };
  }
  try {
    structuredClone(shared);
  } catch (error) {
    const message = `create of '${declared.name}' answers what no worker can be given: ${describeError(error).message}`;
    throw new HoldfastError('DECLARATION_INVALID', message, { cause: error });
  }
  return { kind: 'created', shared };
}

/** Lines of a stack that a reader needs to find the place. */
const FRAMES_MAX = 8;

/** Of the rig itself, which only calls the store. */
const RIG = /\/torture\/(?:declare|interleave|judge|run|world)\//;

/** What is said of a store that threw when it was created, with its stack. */
export function creationFailure(error: unknown): string {
  const { code, message } = describeError(error);
  return [`create failed: ${code}: ${message}`, ...framesOf(error)].join('\n');
}

function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .filter((line) => !line.includes('node:internal/') && !RIG.test(line))
    .map((line) => `  ${line.trim().replace(/\?holdfast-client=\d+/, '')}`)
    .slice(0, FRAMES_MAX);
}
