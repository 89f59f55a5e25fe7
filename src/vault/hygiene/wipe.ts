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
