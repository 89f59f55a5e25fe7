import { createHmac, type KeyObject } from 'node:crypto';

/** Sums are counted in so many bits. */
const SUM_BITS = 256;
export const SUM_BYTES = SUM_BITS / 8;

/**
 * What a record adds to the sum of its table: HMAC-SHA256 over everything that is in its row. The sum
 * modulo 2^256 stands, sealed, in the state of the vault, so a row that was taken out, put back from
 * an older copy or added shows in it, and a change of one row costs one addition.
 */
export function memberOf(key: KeyObject, record: Uint8Array): bigint {
  return BigInt(`0x${createHmac('sha256', key).update(record).digest('hex')}`);
}

export function addMember(sum: bigint, member: bigint): bigint {
  return BigInt.asUintN(SUM_BITS, sum + member);
}

export function removeMember(sum: bigint, member: bigint): bigint {
  return BigInt.asUintN(SUM_BITS, sum - member);
}
