/** Copies of `bytes` with one bit changed: all eight of a byte where `isHeader` says so, or one. */
export function* flipped(
  bytes: Uint8Array,
  isHeader: (offset: number) => boolean,
): Generator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 1) {
    const bits = isHeader(offset) ? [0, 1, 2, 3, 4, 5, 6, 7] : [offset % 8];
    for (const bit of bits) {
      const copy = Buffer.from(bytes);
      copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
      yield copy;
    }
  }
}

/** The beginning of `bytes` in every length that is not the whole. */
export function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length += 1) yield bytes.subarray(0, length);
}
