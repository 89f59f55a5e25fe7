import type { FsCall } from './fs-call.ts';
import type { Errno } from './fs-error.ts';

export interface FsFault {
  /** Undefined for a write that ends early and says so. */
  readonly code: Errno | undefined;
  /** Of the data of a call that writes: what gets there, from its beginning. */
  readonly share: number;
}

/** Decides which calls fail. */
export interface FsFaults {
  /** Undefined lets the call happen. `takesSpace` tells whether it may need room on the disk. */
  faultOf(call: FsCall, takesSpace: boolean): FsFault | undefined;
}
