/**
 * `deadlock`: nothing returns and the workers sleep. `livelock`: nothing returns and one computes.
 * `stopped`: by a signal, and held up all along. `starvation`: one client gets next to nothing
 * where others get on. `slow`: others get on, this operation takes too long.
 */
export type StallKind = 'deadlock' | 'livelock' | 'stopped' | 'starvation' | 'slow';

export interface Diagnosis {
  readonly kind: StallKind;
  readonly message: string;
  /** Whose operations are held up. */
  readonly clients: readonly number[];
  /** Where they are; of a livelock and of `stopped`, who is to blame. */
  readonly workers: readonly number[];
}

export interface StallLimits {
  /** Longest time without any operation returning; also that in which shares are counted. */
  readonly stallMs: number;
  /** Longest time of one operation while others return. */
  readonly slowMs: number;
}
