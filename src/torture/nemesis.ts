/** Workers that a nemesis can harm. */
export interface Hostages {
  readonly count: number;
  /** Undefined for a thread. */
  pid(index: number): number | undefined;
  clients(index: number): readonly number[];
  /** Whether one of its clients has an operation in flight. */
  isBusy(index: number): boolean;
  /** SIGKILL; another worker takes its place. */
  kill(index: number): void;
  /** Holds up its event loop. */
  block(index: number, ms: number): void;
  /** What takes time now is not the fault of the store. */
  touch(): void;
}

/** Who harms workers while a round goes on. */
export interface Nemesis {
  begin(hostages: Hostages): void;
  /** Resolves when nobody is harmed any more. */
  end(): Promise<void>;
}
