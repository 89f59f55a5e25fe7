import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let at = POOL_BYTES;

/** Writes random bytes into `target`: a call of the system for each would cost more than a message. */
export function fillNonce(target: Uint8Array): void {
  if (at + target.length > POOL_BYTES) {
    randomFillSync(pool);
    at = 0;
  }
  target.set(pool.subarray(at, at + target.length));
  at += target.length;
}
