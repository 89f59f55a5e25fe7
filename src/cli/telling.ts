import { setTimeout as passing } from 'node:timers/promises';
import { ARGUMENT_INVALID, type ErrorCode, HoldfastError } from '../errors.ts';
import type { Command } from './command.ts';
import { Failure, failureOf } from './failure.ts';
import { UsageError } from './parse.ts';

const SIGNAL_MS = 20;

/** What to do about an error, where there is something to be done. */
export type Hints = { readonly [C in ErrorCode]?: string };

/** A command that tells its failures: 1, and 2 for wrong usage and for a lock timeout. */
export function telling(command: Command, hints: Hints): Command {
  return {
    ...command,
    async run(call) {
      try {
        return await command.run(call);
      } catch (error) {
        // Ctrl-C at a prompt is told first, and its signal then; by that main knows it.
        if (error instanceof Error && error.name === 'AbortError') await passing(SIGNAL_MS);
        throw failureWith(hints, error);
      }
    },
  };
}

function failureWith(hints: Hints, error: unknown): unknown {
  if (error instanceof HoldfastError) {
    const { code, message } = error;
    const hint = hints[code];
    const text = `${message} (${code})${hint === undefined ? '' : `\n${hint}`}`;
    return new Failure(code === 'LOCK_TIMEOUT' ? 2 : 1, text);
  }
  if (error instanceof UsageError || error instanceof Failure) return error;
  if (!(error instanceof Error)) return error;
  if (error.name === 'AbortError') return new Failure(1, error.message);
  if ('code' in error && error.code === ARGUMENT_INVALID) {
    return new Failure(2, `Invalid arguments: ${error.message}`);
  }
  return new Failure(1, failureOf(error).message);
}
