import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { wrongArgument } from '../../errors.ts';
import { CALL_ERRORS } from '../faults/fault.ts';
import { decodeInput, encodeInput } from './input-json.ts';
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

/** A token comes from outside: what it unpacks to is bounded, and read in some hundredths of a second. */
const REPLAY_BYTES_MAX = 1024 * 1024;
const TOKEN_LENGTH_MAX = 512 * 1024;

/** More steps, or more disks, no simulation has. */
const NUMBER_MAX = 1_000_000;

/** Each has modules of its own. */
const CLIENTS_MAX = 1000;

/** A run as one word, to be handed on; undefined where the inputs cannot be put into words. */
export function replayToken(replay: Replay): string | undefined {
  try {
    const text = JSON.stringify({ ...replay, program: mapInputs(replay.program, encodeInput) });
    const token = VERSION + deflateRawSync(text).toString('base64url');
    const isTooLong = Buffer.byteLength(text) > REPLAY_BYTES_MAX || token.length > TOKEN_LENGTH_MAX;
    return isTooLong ? undefined : token;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** @throws RangeError for what is no token */
export function parseReplayToken(token: string): Replay {
  const refuse = () => wrongArgument('range', `not a replay token: '${token.slice(0, 40)}'`);
  if (!token.startsWith(VERSION) || token.length > TOKEN_LENGTH_MAX) throw refuse();
  try {
    const packed = Buffer.from(token.slice(VERSION.length), 'base64url');
    const text = inflateRawSync(packed, { maxOutputLength: REPLAY_BYTES_MAX }).toString();
    const replay: unknown = JSON.parse(text);
    if (isReplay(replay)) return { ...replay, program: mapInputs(replay.program, decodeInput) };
  } catch {
    // Whatever is wrong with it, it is none.
  }
  throw refuse();
}

function mapInputs(program: Program, map: (input: unknown) => unknown): Program {
  return program.map((stretch) => ({
    ...stretch,
    operations: stretch.operations.map((list) =>
      list.map((drawn) => ({ ...drawn, input: map(drawn.input) })),
    ),
  }));
}

function isReplay(value: unknown): value is Replay {
  if (typeof value !== 'object' || value === null) return false;
  const { name, file, seed, repeat, program, choices, fault } = value as Partial<Replay>;
  return (
    [name, file, seed].every((one) => typeof one === 'string') &&
    isCount(repeat) &&
    Array.isArray(choices) &&
    choices.every(isCount) &&
    Array.isArray(program) &&
    program.every(isStretch) &&
    (fault === undefined || isFault(fault))
  );
}

function isFault(value: unknown): value is SimulatedFault {
  if (typeof value !== 'object' || value === null) return false;
  const fault = value as Partial<SimulatedFault>;
  switch (fault.kind) {
    case 'kill':
      return isCount(fault.at) && isCount(fault.client);
    case 'power-loss':
      return isCount(fault.at) && isCount(fault.limit);
    case 'fail-calls':
      return (
        isCount(fault.nth) &&
        typeof fault.persistent === 'boolean' &&
        CALL_ERRORS.some((error) => error === fault.error)
      );
    default:
      return false;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= NUMBER_MAX;
}

function isStretch(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { phase, isMeasured, operations } = value as Partial<Program[number]>;
  return (
    typeof phase === 'string' &&
    typeof isMeasured === 'boolean' &&
    Array.isArray(operations) &&
    operations.length <= CLIENTS_MAX &&
    operations.every(
      (list) => Array.isArray(list) && list.every((one) => typeof one?.f === 'string'),
    )
  );
}
