import type { OccupancyPolicy } from '../policy.ts';
import type { PortRange } from '../reservation.ts';
import type { GroupConfig } from '../services.ts';

export const outputFormats = ['table', 'json', 'csv', 'tsv'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export const logModes = ['quiet', 'normal', 'verbose'] as const;
export type LogMode = (typeof logModes)[number];

/** What one source (a file, the environment, the command line) says. What it omits it leaves alone. */
export interface ConfigLayer {
  readonly project?: string | undefined;
  readonly task?: string | undefined;
  readonly path?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** The last port as a distance from `min`, whichever layer that comes from. */
  readonly maxOffset?: number | undefined;
  readonly excluded?: readonly PortRange[] | undefined;
  readonly expireAfterDays?: number | undefined;
  readonly occupancy?: { readonly [K in keyof OccupancyPolicy]?: boolean | undefined } | undefined;
  /** null clears the group of the layers below. */
  readonly reservations?: GroupConfig | null | undefined;
  readonly disableAutoinit?: boolean | undefined;
  readonly disableAutoprune?: boolean | undefined;
  readonly disableAutoexpire?: boolean | undefined;
  readonly allowUnrelatedPath?: boolean | undefined;
  readonly allowProjectChange?: boolean | undefined;
  readonly allowTaskChange?: boolean | undefined;
  /** Project and task. */
  readonly allowChange?: boolean | undefined;
  readonly lockWaitSeconds?: number | undefined;
  readonly outputFormat?: OutputFormat | undefined;
  readonly logMode?: LogMode | undefined;
}

/**
 * `upper` laid over `lower`: each setting by itself, except that exclusions add up, and that `max`
 * and `maxOffset` are two ways to say one thing, so that either replaces both. Associative.
 */
export function mergeLayers(lower: ConfigLayer, upper: ConfigLayer): ConfigLayer {
  const bound = upper.max === undefined && upper.maxOffset === undefined ? lower : upper;
  return {
    ...overlay(lower, upper),
    max: bound.max,
    maxOffset: bound.maxOffset,
    excluded: [...(lower.excluded ?? []), ...(upper.excluded ?? [])],
    occupancy: overlay(lower.occupancy ?? {}, upper.occupancy ?? {}),
  };
}

function overlay<T extends object>(lower: T, upper: T): T {
  const said = Object.entries(upper).filter(([, value]) => value !== undefined);
  return { ...lower, ...Object.fromEntries(said) };
}
