import type { Family, Protocol } from './probe.ts';

/** The process behind a socket, as far as this user may know. */
export interface ProcessOwner {
  readonly pid: number | undefined;
  readonly name: string | undefined;
  readonly user: string | undefined;
  /** Start of the process, epoch ms. */
  readonly startedAt: number | undefined;
}

/** A socket that listens (TCP) or is bound (UDP). */
export interface OpenSocket {
  readonly protocol: Protocol;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  /** Undefined when nothing is known of it. */
  readonly owner: ProcessOwner | undefined;
}
