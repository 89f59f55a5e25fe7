import type { FsCall } from './fs-call.ts';
import type { FsFault, FsFaults, Need } from './fs-faults.ts';

export interface NthCallOptions {
  /** From 1, of the calls that can fail in this way. */
  readonly nth: number;
  readonly error: 'ENOSPC' | 'EIO' | 'EMFILE' | 'short-write';
  /** Whether all later ones fail too. */
  readonly persistent: boolean;
}

export interface FaultHit {
  /** Its number among the calls that can fail in this way. */
  readonly nth: number;
  readonly name: string;
  readonly path: string | undefined;
}

/**
 * Fails the Nth call that can fail in some way. A loop over N from 1 until a run meets no fault has
 * tried every call there is, as SQLite does with its own I/O. A disk that is full still takes the
 * first half of the data.
 */
export class NthCallFault implements FsFaults {
  readonly #options: NthCallOptions;
  readonly hits: FaultHit[] = [];
  #calls = 0;

  constructor(options: NthCallOptions) {
    this.#options = options;
  }

  /** How many there were that can fail in this way. */
  get calls(): number {
    return this.#calls;
  }

  faultOf({ name, path }: FsCall, needs: readonly Need[]): FsFault | undefined {
    const { nth, error, persistent } = this.#options;
    const isConcerned = error === 'short-write' ? name === 'write' : needs.includes(needOf[error]);
    if (!isConcerned) return undefined;
    this.#calls += 1;
    if (this.#calls < nth || (this.#calls > nth && !persistent)) return undefined;
    this.hits.push({ nth: this.#calls, name, path });
    if (error === 'short-write') return { code: undefined, share: 0.5 };
    return { code: error, share: error === 'ENOSPC' ? 0.5 : 0 };
  }
}

const needOf = { ENOSPC: 'space', EIO: 'data', EMFILE: 'descriptor' } as const;
