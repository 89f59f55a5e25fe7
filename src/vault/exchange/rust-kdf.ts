import { HoldfastError } from '../../errors.ts';
import { type Argon2Params, checkArgon2 } from '../crypto/argon2.ts';
import type { JsonValue } from './json-text.ts';
import { mapped, type Shape, struct, u32 } from './rust-json.ts';

/** rust-keyvault has no other. */
export const SALT_BYTES = 32;

/** The costs with which rust-keyvault 0.2 writes every export and backup. */
export const RUST_FILE_COSTS: Argon2Params = { memoryKib: 65_536, passes: 4, parallelism: 4 };

/** Reading it throws KDF_LIMITS for what will not be run. */
export const argon2Params: Shape<Argon2Params> = mapped(
  struct<{ memory_kib: number; time_cost: number; parallelism: number }>({
    memory_kib: u32,
    time_cost: u32,
    parallelism: u32,
  }),
  ({ memory_kib: memoryKib, time_cost: passes, parallelism }) => {
    const params = { memoryKib, passes, parallelism };
    checkArgon2(params, SALT_BYTES);
    return params;
  },
);

export function argon2ParamsJson({ memoryKib, passes, parallelism }: Argon2Params): JsonValue {
  return { memory_kib: memoryKib, time_cost: passes, parallelism };
}

/** The same whatever was wrong: a file does not say whether it or the password is. */
export function unlockFailed(): HoldfastError {
  return new HoldfastError(
    'UNLOCK_FAILED',
    'nothing opens with this password: it is another one, or the file was changed',
  );
}
