/**
 * Zeroed memory for a secret, outside the shared pool and outside the garbage-collected heap.
 * Node's own allocators, `Buffer.allocUnsafeSlow` too, keep up to 64 bytes on that heap, where the
 * collector copies them about and no wipe reaches the copies.
 */
export function wipeable(sizeBytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(sizeBytes));
}

/** A copy of `source` in memory of its own; see `wipeable`. */
export function wipeableCopy(source: Uint8Array): Buffer {
  const copy = wipeable(source.length);
  copy.set(source);
  return copy;
}

/**
 * Fills buffers with zeros. What the engine, the collector or the system copied before, and what
 * was swapped out, stays: this shortens the life of a secret, it does not guarantee its end.
 */
export function wipe(...buffers: readonly (Uint8Array | undefined)[]): void {
  for (const buffer of buffers) buffer?.fill(0);
}

/** Up to here glibc keeps what was freed for the next who asks for that size. */
const KEPT_BYTES_MAX = 1032;

/**
 * Writes zeros over the memory of that size that was freed last, by code that frees what it has not
 * wiped: asked for as much at once, allocators mostly give out the same again. Nobody promises it,
 * least of all for a large one.
 */
export function wipeFreed(sizeBytes: number): void {
  // Since then, the collector may have freed another one.
  const count = sizeBytes <= KEPT_BYTES_MAX ? 2 : 1;
  // A small one is moved off the heap of V8 when its memory is asked for.
  const given = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(sizeBytes).buffer);
  for (const memory of given) new Uint8Array(memory).fill(0);
}
