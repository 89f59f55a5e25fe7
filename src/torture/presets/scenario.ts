/** The stores of the five seeds. */
export type StoreName = 'vault' | 'archive' | 'memory' | 'ports' | 'tasks';

/** Workers that do the same thing. */
export interface Crew {
  readonly workers: number;
  /** Of each worker. */
  readonly operations: number;
}

/** What a seed put to the test, as data; where it says how many, these are its numbers. */
export interface Scenario {
  readonly id: string;
  readonly store: StoreName;
  readonly title: string;
  readonly crews: readonly Crew[];
  readonly asserts: string;
  /** The figure that it must keep within, where the seed named one. */
  readonly target?: string | undefined;
  /** What the seed's own test could not have noticed. */
  readonly weakness?: string | undefined;
  /** Set for what no seed has. */
  readonly isOurs?: boolean | undefined;
}

/** Scenarios of one store. */
export function scenariosOf(
  store: StoreName,
  scenarios: readonly Omit<Scenario, 'store'>[],
): readonly Scenario[] {
  return scenarios.map(({ id, ...rest }) => ({ id, store, ...rest }));
}
