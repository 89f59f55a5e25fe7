import type { AnyDeclared } from '../declare/declaration.ts';
import type { Mode } from '../declare/plan.ts';
import type { Scenario, StoreName } from './scenario.ts';

/** A scenario that can be run: its declaration, with what the catalogue says of it. */
export interface Preset {
  readonly declared: AnyDeclared;
  readonly store: StoreName;
  readonly title: string;
  /** What the seed asked for: a figure, or else what its test asserts. */
  readonly target: string;
  readonly settings: readonly Setting[];
  /** Longest time in which no operation returns, where the scenario says so. */
  readonly stallMs?: number | undefined;
}

/** What a scenario is run on, in which modes. */
export interface Setting {
  readonly modes: readonly Mode[];
  /** URL of the subject's module; that of the declaration by default. */
  readonly subject?: string | undefined;
  /** What the report adds to the title. */
  readonly note?: string | undefined;
}

/** A declaration with its entry of the catalogue. @throws RangeError when there is none */
export function presetOf(
  declared: AnyDeclared,
  scenarios: readonly Scenario[],
  how: Pick<Preset, 'settings' | 'stallMs'>,
): Preset {
  const scenario = scenarios.find(({ id }) => id === declared.name);
  if (!scenario) throw new RangeError(`the catalogue has no ${declared.name}`);
  const { store, title, asserts, target = asserts } = scenario;
  return { declared, store, title, target, ...how };
}
