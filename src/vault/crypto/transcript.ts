/** What can stand in a transcript. Times and counters are numbers up to 2^53. */
export type Field = string | number | bigint | Uint8Array | undefined;

const ABSENT = 0;
const BYTES = 1;
const TEXT = 2;
const INTEGER = 3;
const INTEGER_BYTES = 8;
const HEAD_BYTES = 5;

/**
 * One byte string for a list of fields, and another one for any other list: each field is its kind
 * (1 byte), its length (4 bytes, big-endian) and its bytes. What is authenticated together with a
 * record is written so; with separators, ("a:b", "c") and ("a", "b:c") would be the same.
 */
export function transcript(...fields: readonly Field[]): Buffer {
  let sizeBytes = 0;
  for (const field of fields) sizeBytes += HEAD_BYTES + lengthOf(field);
  const out = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (const field of fields) at = append(out, at, field);
  return out;
}

function lengthOf(field: Field): number {
  if (field === undefined) return 0;
  if (typeof field === 'string') return Buffer.byteLength(field);
  return typeof field === 'object' ? field.length : INTEGER_BYTES;
}

function append(out: Buffer, start: number, field: Field): number {
  const length = lengthOf(field);
  const at = out.writeUInt32BE(length, start + 1);
  if (field === undefined) out[start] = ABSENT;
  else if (typeof field === 'string') {
    out[start] = TEXT;
    out.write(field, at);
  } else if (typeof field === 'object') {
    out[start] = BYTES;
    out.set(field, at);
  } else {
    out[start] = INTEGER;
    writeInteger(out, at, field);
  }
  return at + length;
}

/** 64 bits, big-endian, two's complement. Numbers take the way without a bigint, which is slow. */
function writeInteger(out: Buffer, at: number, value: number | bigint): void {
  if (typeof value === 'bigint' || !Number.isSafeInteger(value)) {
    out.writeBigInt64BE(BigInt(value), at);
    return;
  }
  out.writeInt32BE(Math.floor(value / 2 ** 32), at);
  out.writeUInt32BE(value >>> 0, at + 4);
}
