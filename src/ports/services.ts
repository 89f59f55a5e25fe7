import { HoldfastError, wrongArgument } from '../errors.ts';
import { cleanTag } from './metadata.ts';
import { PORT_MAX } from './reservation.ts';

/** One port of a group, as asked for. */
export interface Service {
  /** Distance from the group's base port; 0 by default. */
  readonly offset?: number | undefined;
  /** A port to take if it is free, wherever it lies. */
  readonly preferred?: number | undefined;
  /** Name of the environment variable; made from the tag by default. */
  readonly env?: string | undefined;
}

/** A group of ports, as a configuration file asks for it. */
export interface GroupConfig {
  /** Where the search for a base port starts; the range's first port by default. */
  readonly base?: number | undefined;
  readonly services: Readonly<Record<string, Service>>;
}

/** A service with its defaults filled in. */
export interface CheckedService {
  readonly tag: string;
  readonly offset: number;
  readonly preferred: number | undefined;
  readonly env: string;
}

/** Longer names of variables are refused (trop's limit). */
const ENV_NAME_LENGTH_MAX = 255;

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The services of a group, checked, with defaults, in the byte order of their tags: tags, offsets,
 * preferred ports and names of variables (whatever their case) are each unique.
 *
 * A tag may come from a file that somebody else wrote and end up in a terminal or a shell, so no
 * message repeats one: services are named by their position.
 * @throws CONFIG_INVALID
 */
export function checkServices(services: Readonly<Record<string, Service>>): CheckedService[] {
  const entries = Object.entries(services);
  if (entries.length === 0) throw refusal('must not be empty');
  const checked = entries.map(([tag, service], index) => checkService(index + 1, tag, service));
  refuseTwins(checked, 'tag', ({ tag }) => tag);
  refuseTwins(checked, 'offset (an omitted one is 0)', ({ offset }) => offset);
  refuseTwins(checked, 'preferred port', ({ preferred }) => preferred);
  refuseTwins(checked, 'name of a variable, ignoring case', ({ env }) => env.toUpperCase());
  return checked.sort((a, b) => Buffer.compare(Buffer.from(a.tag), Buffer.from(b.tag)));
}

/**
 * The services of a group that was asked for by their number alone: `port-0`, `port-1`, … at
 * contiguous offsets.
 * @throws RangeError
 */
export function numberedServices(count: number): Record<string, Service> {
  if (!Number.isInteger(count) || count < 1 || count > PORT_MAX) {
    throw wrongArgument(
      'range',
      `count must be a whole number from 1 to ${PORT_MAX}, not ${count}`,
    );
  }
  return Object.fromEntries(
    Array.from({ length: count }, (_, offset) => [`port-${offset}`, { offset }]),
  );
}

function checkService(position: number, text: string, service: Service): CheckedService {
  const where = `service ${position}`;
  const tag = checkTag(where, text);
  const { offset = 0, preferred } = service;
  if (!isWhole(offset, 0)) throw refusal(`${where}: offset must be from 0 to ${PORT_MAX}`);
  if (preferred !== undefined && !isWhole(preferred, 1)) {
    throw refusal(`${where}: preferred must be a port from 1 to ${PORT_MAX}`);
  }
  return { tag, offset, preferred, env: checkEnv(where, tag, service.env) };
}

function checkTag(where: string, text: string): string {
  try {
    return cleanTag(text);
  } catch (cause) {
    throw refusal(`${where}: its tag must be well-formed text, not blank and without NUL`, cause);
  }
}

function checkEnv(where: string, tag: string, given: string | undefined): string {
  const env = given ?? tag.replace(/[a-z]/g, (c) => c.toUpperCase()).replaceAll('-', '_');
  if (env.length <= ENV_NAME_LENGTH_MAX && ENV_NAME.test(env)) return env;
  const rule = `letters, digits and _, not a digit first, at most ${ENV_NAME_LENGTH_MAX} characters`;
  throw refusal(
    given === undefined
      ? `${where}: its tag does not make the name of a variable (${rule}); give it one with env`
      : `${where}: env is not the name of a variable (${rule})`,
  );
}

function refuseTwins(
  services: readonly CheckedService[],
  what: string,
  of: (service: CheckedService) => string | number | undefined,
): void {
  const seen = new Map<string | number, number>();
  for (const [index, service] of services.entries()) {
    const value = of(service);
    if (value === undefined) continue;
    const twin = seen.get(value);
    if (twin !== undefined)
      throw refusal(`services ${twin} and ${index + 1} have the same ${what}`);
    seen.set(value, index + 1);
  }
}

function isWhole(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min && value <= PORT_MAX;
}

function refusal(reason: string, cause?: unknown): HoldfastError {
  const message = `validation error for 'reservations.services': ${reason}`;
  return new HoldfastError('CONFIG_INVALID', message, cause === undefined ? {} : { cause });
}
