import type { Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';

/**
 * A gzip header (RFC 1952):
 *
 *     0 · 2 · 1f 8b
 *     2 · 1 · 8, deflate
 *     3 · 1 · flags
 *     4 · 4 · time
 *     8 · 1 · extra flags
 *     9 · 1 · system
 */
const SYSTEM_OFFSET = 9;

/** RFC 1952's "unknown", which Rust's flate2 writes; zlib writes the system it was built for. */
const SYSTEM_UNKNOWN = 255;

/** flate2's default. */
const LEVEL = 6;

/** Gzip with the header that Rust's flate2 writes. The buffer is the caller's to wipe. */
export async function gzip(data: Uint8Array): Promise<Buffer> {
  // What cannot be compressed grows by less than a thousandth and a header.
  const packed = await through(createGzip({ level: LEVEL }), data, data.length * 2 + 1024);
  packed[SYSTEM_OFFSET] = SYSTEM_UNKNOWN;
  return packed;
}

/**
 * Undoes `gzip`. The buffer is the caller's to wipe.
 * @throws FORMAT_INVALID when it is not gzip, is cut, or is more than `mostBytes` when unpacked,
 * which is found out before more than that is in memory
 */
export async function gunzip(data: Uint8Array, mostBytes: number): Promise<Buffer> {
  try {
    return await through(createGunzip(), data, mostBytes);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError('FORMAT_INVALID', 'the contents are not gzip', { cause: error });
  }
}

/** All that comes out of a stream of zlib, without leaving a piece of it in memory. */
async function through(stream: Transform, data: Uint8Array, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    stream.end(data);
    for await (const chunk of stream) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) {
        throw new HoldfastError('FORMAT_INVALID', `the contents are more than ${mostBytes} bytes`);
      }
    }
    return joined(chunks, sizeBytes);
  } finally {
    wipe(...chunks);
  }
}

function joined(chunks: readonly Buffer[], sizeBytes: number): Buffer {
  const all = wipeable(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
