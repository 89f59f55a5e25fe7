/** The client that makes a store and judges it, and takes no part. */
export const OBSERVER = -1;

/** Something that one client could do next. */
export interface Step {
  readonly client: number;
  /** What it is, for whoever reads a schedule: `write counter`, `write counter → answer`. */
  readonly label: string;
  /** Whether it has to wait for another client, as for a lock. */
  readonly isBlocked?: (() => boolean) | undefined;
  fire(): void;
}

/** Chooses among steps of which any may come next. */
export interface Strategy {
  /** The place of the chosen step; `last` is the client that moved last, -1 at first. */
  choose(enabled: readonly Step[], last: number): number;
}
