import { argon2 } from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { wipe, wipeableCopy } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';
import { Turns } from './turns.ts';

/** The costs of Argon2id (RFC 9106). */
export interface Argon2Params {
  readonly memoryKib: number;
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/**
 * What a file may ask for: RFC 9106 recommends 2 GiB at most, and a machine that shares its memory
 * should not give half of that to a file that nobody has authenticated.
 */
const LIMITS = {
  memoryKib: [8, 1_048_576],
  passes: [1, 16],
  parallelism: [1, 16],
} as const;

/** RFC 9106, 3.1 recommends 16 bytes; nobody needs more than 64. */
const SALT_BYTES = [16, 64] as const;

/** The least memory that a lane can work with, in KiB (RFC 9106, 3.1). */
const LANE_KIB = 8;

/** Each takes one of the four threads of libuv's pool, and all of its memory: files wait, too. */
const RUNS_AT_ONCE = 2;

const turns = new Turns(RUNS_AT_ONCE);

/**
 * Whether these parameters may be run: memory 8 KiB to 1 GiB and 8 KiB a lane, 1 to 16 passes, 1 to
 * 16 lanes, a salt of 16 to 64 bytes.
 * @throws KDF_LIMITS
 */
export function checkArgon2(params: Argon2Params, saltBytes: number): void {
  check('memory in KiB', params.memoryKib, LIMITS.memoryKib);
  check('passes', params.passes, LIMITS.passes);
  check('parallelism', params.parallelism, LIMITS.parallelism);
  check('bytes of salt', saltBytes, SALT_BYTES);
  check('memory in KiB', params.memoryKib, [LANE_KIB * params.parallelism, LIMITS.memoryKib[1]]);
}

function check(what: string, value: number, [least, most]: readonly [number, number]): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new HoldfastError(
    'KDF_LIMITS',
    `Argon2id was not run: ${what} must be ${least} to ${most}, not ${value}`,
  );
}

/**
 * A key of 32 bytes from a password, by Argon2id version 0x13. At most two runs at once in a thread
 * of JavaScript, the others wait in order; the signal ends the wait, but not a run that has begun.
 * The password is copied before this returns; the result is the caller's to wipe.
 * @throws KDF_LIMITS before anything is run
 */
export async function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  params: Argon2Params,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (!(password instanceof Uint8Array)) throw wrongArgument('type', 'a password must be bytes');
  checkArgon2(params, salt.length);
  const message = wipeableCopy(password);
  const nonce = Buffer.from(salt);
  try {
    return await turns.run(() => derive(message, nonce, params), signal);
  } finally {
    wipe(message);
  }
}

function derive(message: Buffer, nonce: Buffer, params: Argon2Params): Promise<Buffer> {
  const { memoryKib: memory, passes, parallelism } = params;
  const input = { message, nonce, memory, passes, parallelism, tagLength: KEY_BYTES };
  return new Promise((resolve, reject) => {
    argon2('argon2id', input, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
