import { cleanField } from '../metadata.ts';
import { PORT_MAX, type PortRange } from '../reservation.ts';
import { quoted } from '../wording.ts';
import { parseExclusion } from './exclusions.ts';
import { checkBounds, fromSource, violation } from './fields.ts';
import { type ConfigLayer, logModes, outputFormats } from './layer.ts';
import { EXPIRE_DAYS_MAX, LOCK_WAIT_SECONDS_MAX } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Ours first: a variable of Holdfast's wins over trop's twin of it. */
const prefixes = ['HOLDFAST_PORTS_', 'TROP_'];

/**
 * What the environment says: each variable of trop's under its own name, and under
 * `HOLDFAST_PORTS_` in place of `TROP_`. The data directory is not among them; see
 * `resolveDataDir`.
 * @throws CONFIG_INVALID naming the variable
 */
export function readEnvironment(env: Environment): ConfigLayer {
  return {
    path: find(env, 'PATH')?.text,
    project: field(env, 'project'),
    task: field(env, 'task'),
    min: integer(env, 1, PORT_MAX, 'PORT_MIN'),
    ...upperBound(env),
    excluded: exclusions(env),
    expireAfterDays: integer(env, 1, EXPIRE_DAYS_MAX, 'EXPIRE_AFTER_DAYS'),
    lockWaitSeconds: integer(env, 0, LOCK_WAIT_SECONDS_MAX, ...LOCK_WAIT),
    outputFormat: choice(env, outputFormats, 'OUTPUT_FORMAT'),
    logMode: choice(env, logModes, 'LOG_MODE'),
    disableAutoinit: flag(env, 'DISABLE_AUTOINIT'),
    disableAutoprune: flag(env, 'DISABLE_AUTOPRUNE'),
    disableAutoexpire: flag(env, 'DISABLE_AUTOEXPIRE'),
    allowUnrelatedPath: flag(env, 'ALLOW_UNRELATED_PATH'),
    allowProjectChange: flag(env, 'ALLOW_PROJECT_CHANGE', 'ALLOW_CHANGE_PROJECT'),
    allowTaskChange: flag(env, 'ALLOW_TASK_CHANGE', 'ALLOW_CHANGE_TASK'),
    allowChange: flag(env, 'ALLOW_CHANGE'),
    occupancy: {
      skip: flag(env, 'SKIP_OCCUPANCY_CHECK'),
      skipIpv4: flag(env, 'SKIP_IPV4'),
      skipIpv6: flag(env, 'SKIP_IPV6'),
      skipTcp: flag(env, 'SKIP_TCP'),
      skipUdp: flag(env, 'SKIP_UDP'),
      allInterfaces: flag(env, 'CHECK_ALL_INTERFACES'),
    },
  };
}

const LOCK_WAIT = ['BUSY_TIMEOUT', 'MAXIMUM_LOCK_WAIT_SECONDS'];

interface Variable {
  readonly name: string;
  readonly text: string;
}

/** The first variable that is set: prefixes in their order, then `names` in theirs. */
function find(env: Environment, ...names: string[]): Variable | undefined {
  for (const name of prefixes.flatMap((prefix) => names.map((rest) => prefix + rest))) {
    const text = env[name];
    if (text !== undefined) return { name, text };
  }
  return undefined;
}

function field(env: Environment, key: 'project' | 'task'): string | undefined {
  const found = find(env, key.toUpperCase());
  return found && fromSource(found.name, () => cleanField(key, found.text));
}

function upperBound(env: Environment): Pick<ConfigLayer, 'max' | 'maxOffset'> {
  const max = find(env, 'PORT_MAX');
  const maxOffset = find(env, 'PORT_MAX_OFFSET');
  if (max && maxOffset) throw violation(max.name, `cannot be set together with ${maxOffset.name}`);
  return {
    max: integer(env, 1, PORT_MAX, 'PORT_MAX'),
    maxOffset: integer(env, 1, PORT_MAX, 'PORT_MAX_OFFSET'),
  };
}

function integer(
  env: Environment,
  min: number,
  max: number,
  ...names: string[]
): number | undefined {
  const found = find(env, ...names);
  if (!found) return undefined;
  if (!/^\s*\d{1,15}\s*$/.test(found.text)) {
    throw violation(found.name, `must be a whole number, not ${quoted(found.text)}`);
  }
  return checkBounds(found.name, Number(found.text), min, max);
}

function exclusions(env: Environment): PortRange[] | undefined {
  const found = find(env, 'EXCLUDED_PORTS');
  if (!found) return undefined;
  if (found.text.trim() === '') return [];
  return found.text.split(',').map((item) => {
    try {
      return parseExclusion(item);
    } catch (error) {
      if (error instanceof RangeError) throw violation(found.name, error.message);
      throw error;
    }
  });
}

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
};

function flag(env: Environment, ...names: string[]): boolean | undefined {
  const found = find(env, ...names);
  if (!found) return undefined;
  const text = found.text.toLowerCase();
  const value = Object.hasOwn(flags, text) ? flags[text] : undefined;
  if (value !== undefined) return value;
  const rule = 'must be one of true, 1, yes, on, false, 0, no, off';
  throw violation(found.name, `${rule}, not ${quoted(found.text)}`);
}

function choice<T extends string>(
  env: Environment,
  choices: readonly T[],
  name: string,
): T | undefined {
  const found = find(env, name);
  if (!found) return undefined;
  const value = choices.find((one) => one === found.text.toLowerCase());
  if (value !== undefined) return value;
  throw violation(found.name, `must be one of ${choices.join(', ')}, not ${quoted(found.text)}`);
}
