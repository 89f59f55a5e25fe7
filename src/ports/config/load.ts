import { dirname, join } from 'node:path';
import { cleanField } from '../metadata.ts';
import { defaultPolicy, type OccupancyPolicy, type Policy } from '../policy.ts';
import { PORT_MAX } from '../reservation.ts';
import type { GroupConfig } from '../services.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { compactRanges } from './exclusions.ts';
import { checkBounds, violation } from './fields.ts';
import { isFile, readLayer } from './file.ts';
import { type ConfigLayer, type LogMode, mergeLayers, type OutputFormat } from './layer.ts';
import { discoverProject, explicitFile, explicitProject, type ProjectFiles } from './project.ts';
import { EXPIRE_DAYS_MAX, LOCK_WAIT_SECONDS_MAX, type Rules } from './schema.ts';

/** What the command line says: the topmost layer. */
export type CliLayer = ConfigLayer;

export interface LoadOptions {
  /** Where the search for project files begins, and what relative paths are relative to. */
  readonly cwd: string;
  readonly env: Environment;
  /** As `resolveDataDir` answers it. */
  readonly dataDir: string;
  readonly cli: CliLayer;
  /** A file that ranks right below the environment: YAML, TOML or JSON by the end of its name. */
  readonly configFile?: string | undefined;
  /** A file that stands in the place of the project's. */
  readonly groupFile?: string | undefined;
  /** Reads no file at all, for commands that must work while one is broken. */
  readonly skipFiles?: boolean | undefined;
}

/** What all layers say together, with defaults. */
export interface LoadedConfig {
  readonly policy: Policy;
  readonly project: string | undefined;
  readonly task: string | undefined;
  readonly path: string | undefined;
  readonly reservations: GroupConfig | undefined;
  readonly outputFormat: OutputFormat;
  readonly logMode: LogMode;
  readonly lockWaitSeconds: number;
  readonly disableAutoinit: boolean;
  readonly dataDir: string;
  /** The project's shared file, or the private one where only that is there. */
  readonly projectFile: string | undefined;
  /** The project's directory with its links followed: the path of its group. */
  readonly projectDir: string | undefined;
  /** Every file that was read, from the lowest layer to the highest. */
  readonly files: readonly string[];
}

/** trop's default. */
const LOCK_WAIT_SECONDS = 5;

interface Source {
  readonly name: string;
  readonly layer: ConfigLayer;
}

/**
 * Reads every layer and puts them together. From the top: command line, environment, `configFile`,
 * the project's private file, its shared file, the user's `config.yaml`, defaults. Each file is
 * checked by itself, ranges of ports again when all is put together. No file need exist; without
 * content in one, no parser is loaded.
 * @throws CONFIG_NOT_FOUND for a named file that is not there
 * @throws CONFIG_INVALID naming the file or the variable, and the key
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const project = options.skipFiles ? undefined : findProject(options);
  const files = options.skipFiles ? [] : await readFiles(options, project);
  const sources = [
    ...files,
    { name: 'the environment', layer: readEnvironment(options.env) },
    { name: 'the command line', layer: options.cli },
  ];
  const merged = sources.map(({ layer }) => layer).reduce(mergeLayers, {});
  return {
    policy: policyOf(merged, sources),
    project: merged.project === undefined ? undefined : cleanField('project', merged.project),
    task: merged.task === undefined ? undefined : cleanField('task', merged.task),
    path: merged.path,
    reservations: merged.reservations ?? undefined,
    outputFormat: merged.outputFormat ?? 'table',
    logMode: merged.logMode ?? 'normal',
    lockWaitSeconds: lockWait(merged.lockWaitSeconds ?? LOCK_WAIT_SECONDS),
    disableAutoinit: merged.disableAutoinit ?? false,
    dataDir: options.dataDir,
    projectFile: project?.shared ?? project?.local,
    projectDir: project?.directory,
    files: files.map(({ name }) => name),
  };
}

function findProject({ cwd, groupFile }: LoadOptions): ProjectFiles | undefined {
  return groupFile === undefined ? discoverProject(cwd) : explicitProject(groupFile, cwd);
}

async function readFiles(
  { cwd, dataDir, configFile }: LoadOptions,
  project: ProjectFiles | undefined,
): Promise<Source[]> {
  const top = configFile === undefined ? undefined : explicitFile(configFile, cwd);
  const candidates: [file: string | undefined, rules: Rules][] = [
    [userFile(dataDir, project), 'user'],
    [project?.shared, 'project'],
    [project?.local, 'project'],
    [top, 'project'],
  ];
  const found: Source[] = [];
  for (const [name, rules] of candidates) {
    const layer = name === undefined ? undefined : await readLayer(name, rules);
    if (name !== undefined && layer !== undefined) found.push({ name, layer });
  }
  return found;
}

/**
 * The user's file. Only where neither it nor a project's file is there, a `config.toml` in or
 * beside the data directory counts, as with trop before its first release.
 */
function userFile(dataDir: string, project: ProjectFiles | undefined): string | undefined {
  const own = join(dataDir, 'config.yaml');
  if (isFile(own)) return own;
  if (project !== undefined) return undefined;
  return [dataDir, dirname(dataDir)].map((dir) => join(dir, 'config.toml')).find(isFile);
}

function policyOf(merged: ConfigLayer, sources: readonly Source[]): Policy {
  const base = defaultPolicy;
  return {
    ...rangeOf(merged, sources),
    excluded: compactRanges(merged.excluded ?? []),
    occupancy: occupancyOf(merged.occupancy ?? {}),
    autoprune: merged.disableAutoprune === undefined ? base.autoprune : !merged.disableAutoprune,
    autoexpire:
      merged.disableAutoexpire === undefined ? base.autoexpire : !merged.disableAutoexpire,
    expireAfterDays: checkBounds(
      'expire_after_days',
      merged.expireAfterDays ?? base.expireAfterDays,
      1,
      EXPIRE_DAYS_MAX,
    ),
    allowUnrelatedPath: merged.allowUnrelatedPath ?? base.allowUnrelatedPath,
    allowProjectChange:
      merged.allowChange || (merged.allowProjectChange ?? base.allowProjectChange),
    allowTaskChange: merged.allowChange || (merged.allowTaskChange ?? base.allowTaskChange),
  };
}

function occupancyOf(said: NonNullable<ConfigLayer['occupancy']>): OccupancyPolicy {
  const base = defaultPolicy.occupancy;
  return {
    skip: said.skip ?? base.skip,
    skipIpv4: said.skipIpv4 ?? base.skipIpv4,
    skipIpv6: said.skipIpv6 ?? base.skipIpv6,
    skipTcp: said.skipTcp ?? base.skipTcp,
    skipUdp: said.skipUdp ?? base.skipUdp,
    allInterfaces: said.allInterfaces ?? base.allInterfaces,
  };
}

function rangeOf(merged: ConfigLayer, sources: readonly Source[]): { min: number; max: number } {
  const min = checkBounds('ports.min', merged.min ?? defaultPolicy.min, 1, PORT_MAX);
  const max = checkBounds('ports.max', upperEnd(merged, min), 1, PORT_MAX);
  if (min > max) {
    const from = (...keys: (keyof ConfigLayer)[]) => originOf(sources, keys);
    throw violation(
      'ports',
      `min ${min} (${from('min')}) is greater than max ${max} (${from('max', 'maxOffset')})`,
    );
  }
  return { min, max };
}

function upperEnd({ max, maxOffset }: ConfigLayer, min: number): number {
  return maxOffset === undefined ? (max ?? defaultPolicy.max) : min + maxOffset;
}

/** The topmost source that sets one of `keys`. */
function originOf(sources: readonly Source[], keys: readonly (keyof ConfigLayer)[]): string {
  const origin = sources.findLast(({ layer }) => keys.some((key) => layer[key] !== undefined));
  return origin === undefined ? 'the default' : `from ${origin.name}`;
}

function lockWait(seconds: number): number {
  return checkBounds('maximum_lock_wait_seconds', seconds, 0, LOCK_WAIT_SECONDS_MAX);
}
