const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * A secret that was kept as a line of text: without one newline at its end, LF or CR LF, and else
 * as it is. A view of the same memory.
 */
export function withoutNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== LINE_FEED) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CARRIAGE_RETURN ? -2 : -1);
}
