import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { wrongArgument } from '../../errors.ts';
import type { Program } from './program.ts';
import type { SimulatedFault } from './simulated-fault.ts';

/** Everything that a simulated run depends on, besides the code. */
export interface Replay {
  /** Name of the declaration. */
  readonly name: string;
  /** Where the module was, seen from the directory of whoever ran it. */
  readonly file: string;
  readonly seed: string;
  readonly repeat: number;
  readonly program: Program;
  readonly choices: readonly number[];
  readonly fault?: SimulatedFault | undefined;
}

const VERSION = 'i1.';

/** A token comes from outside: what it unpacks to is bounded. */
const REPLAY_BYTES_MAX = 16 * 1024 * 1024;

/** More steps, or more disks, no simulation has. */
const NUMBER_MAX = 1_000_000;

/** A run as one word, to be handed on. */
export function replayToken(replay: Replay): string {
  return VERSION + deflateRawSync(JSON.stringify(replay)).toString('base64url');
}

/** @throws RangeError for what is no token */
export function parseReplayToken(token: string): Replay {
  const refuse = () => wrongArgument('range', `not a replay token: '${token.slice(0, 40)}'`);
  if (!token.startsWith(VERSION)) throw refuse();
  let replay: unknown;
  try {
    const packed = Buffer.from(token.slice(VERSION.length), 'base64url');
    const text = inflateRawSync(packed, { maxOutputLength: REPLAY_BYTES_MAX }).toString();
    replay = JSON.parse(text);
  } catch {
    throw refuse();
  }
  if (!isReplay(replay)) throw refuse();
  return replay;
}

function isReplay(value: unknown): value is Replay {
  if (typeof value !== 'object' || value === null) return false;
  const { name, file, seed, repeat, program, choices, fault } = value as Partial<Replay>;
  return (
    [name, file, seed].every((one) => typeof one === 'string') &&
    Number.isSafeInteger(repeat) &&
    Array.isArray(choices) &&
    choices.every((one) => Number.isSafeInteger(one) && one >= 0) &&
    Array.isArray(program) &&
    program.every(isStretch) &&
    (fault === undefined || isFault(fault))
  );
}

function isFault(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, ...rest } = value as SimulatedFault;
  const numbers = Object.values(rest).filter((one) => typeof one === 'number');
  return (
    ['kill', 'power-loss', 'fail-calls'].includes(kind) &&
    numbers.every((one) => Number.isSafeInteger(one) && one >= 0 && one <= NUMBER_MAX)
  );
}

function isStretch(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { phase, operations } = value as Partial<Program[number]>;
  return (
    typeof phase === 'string' &&
    Array.isArray(operations) &&
    operations.every(
      (list) => Array.isArray(list) && list.every((one) => typeof one?.f === 'string'),
    )
  );
}
