import type { FsCall } from './fs-call.ts';
import type { Errno } from './fs-error.ts';

/** What a call cannot do without: room on the disk, a descriptor, or a sound disk under its data. */
export type Need = 'space' | 'descriptor' | 'data';

export interface FsFault {
  /** Undefined for a write that ends early and says so. */
  readonly code: Errno | undefined;
  /** Of the data of a call that writes: what gets there, from its beginning. */
  readonly share: number;
}

/** Decides which calls fail. */
export interface FsFaults {
  /** Undefined lets the call happen. */
  faultOf(call: FsCall, needs: readonly Need[]): FsFault | undefined;
}

/** What a fault leaves of data; a write that ends early writes something. */
export function partOf<T extends Uint8Array>(data: T, { code, share }: FsFault): T {
  const least = code === undefined ? 1 : 0;
  return data.subarray(0, Math.max(least, Math.floor(data.byteLength * share))) as T;
}
