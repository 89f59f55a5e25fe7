import { basename } from 'node:path';
import { cleanField } from '../metadata.ts';
import { PORT_MAX, type PortRange } from '../reservation.ts';
import { checkServices, type GroupConfig, type Service } from '../services.ts';
import { parseExclusion } from './exclusions.ts';
import {
  fault,
  readChoice,
  readEntries,
  readFlag,
  readInteger,
  readList,
  readMapping,
  readText,
  violation,
} from './fields.ts';
import { type ConfigLayer, outputFormats } from './layer.ts';

/** A user file holds for every project, so it has neither a project nor a group. */
export type Rules = 'user' | 'project';

/** The rules for a file that was named without saying what it is. */
export function rulesOf(file: string): Rules {
  return basename(file) === 'config.yaml' ? 'user' : 'project';
}

/** The longest wait for a lock: in ms it still fits the 32 bits of SQLite's busy timeout. */
export const LOCK_WAIT_SECONDS_MAX = 2_147_483;

/** trop keeps days in 32 bits. */
export const EXPIRE_DAYS_MAX = 4_294_967_295;

const topKeys = [
  'project',
  'ports',
  'excluded_ports',
  'cleanup',
  'occupancy_check',
  'reservations',
  'disable_autoinit',
  'disable_autoprune',
  'disable_autoexpire',
  'allow_unrelated_path',
  'allow_change_project',
  'allow_change_task',
  'allow_change',
  'maximum_lock_wait_seconds',
  'output_format',
] as const;

/**
 * The settings of a parsed configuration document, each checked by itself.
 * @throws ParseFault for an unknown key or a value of the wrong kind
 * @throws CONFIG_INVALID for a value that is not allowed
 */
export function readSettings(document: unknown, rules: Rules): ConfigLayer {
  const top = readMapping('', document ?? {}, topKeys);
  const flag = (key: (typeof topKeys)[number]) => readFlag(key, top[key]);
  const wait = 'maximum_lock_wait_seconds';
  return {
    project: readProject(top.project, rules),
    ...readPorts(top.ports),
    excluded: readExclusions(top.excluded_ports),
    expireAfterDays: readCleanup(top.cleanup),
    occupancy: readOccupancy(top.occupancy_check),
    reservations: readReservations(document, rules),
    disableAutoinit: flag('disable_autoinit'),
    disableAutoprune: flag('disable_autoprune'),
    disableAutoexpire: flag('disable_autoexpire'),
    allowUnrelatedPath: flag('allow_unrelated_path'),
    allowProjectChange: flag('allow_change_project'),
    allowTaskChange: flag('allow_change_task'),
    allowChange: flag('allow_change'),
    lockWaitSeconds: readInteger(wait, top[wait], 0, LOCK_WAIT_SECONDS_MAX),
    outputFormat: readChoice('output_format', top.output_format, outputFormats),
  };
}

function readProject(value: unknown, rules: Rules): string | undefined {
  const text = readText('project', value);
  if (text === undefined) return undefined;
  if (rules === 'user') throw violation('project', 'is not allowed in the user file');
  return cleanField('project', text);
}

function readPorts(value: unknown): Pick<ConfigLayer, 'min' | 'max' | 'maxOffset'> {
  if (value === undefined) return {};
  const ports = readMapping('ports', value, ['min', 'max', 'max_offset']);
  const min = readInteger('ports.min', ports.min, 1, PORT_MAX);
  const max = readInteger('ports.max', ports.max, 1, PORT_MAX);
  const maxOffset = readInteger('ports.max_offset', ports.max_offset, 1, PORT_MAX);
  if (min === undefined) throw fault('ports.min', 'is required when ports is given');
  if (max !== undefined && maxOffset !== undefined) {
    throw violation('ports', 'max and max_offset cannot be given together');
  }
  if (max !== undefined && max < min) {
    throw violation('ports', `min ${min} is greater than max ${max}`);
  }
  if (maxOffset !== undefined && min + maxOffset > PORT_MAX) {
    throw violation('ports', `min ${min} and max_offset ${maxOffset} lead beyond ${PORT_MAX}`);
  }
  return { min, max, maxOffset };
}

function readExclusions(value: unknown): PortRange[] | undefined {
  return readList('excluded_ports', value)?.map((item, index) =>
    readExclusion(`excluded_ports[${index}]`, item),
  );
}

function readExclusion(key: string, value: unknown): PortRange {
  if (typeof value === 'string') return readExclusionText(key, value);
  if (typeof value !== 'object' || value === null) {
    const port = readInteger(key, value, 1, PORT_MAX);
    if (port !== undefined) return { min: port, max: port };
  }
  const { start, end } = readMapping(key, value, ['start', 'end']);
  return readEnds(key, start, end);
}

function readExclusionText(key: string, text: string): PortRange {
  try {
    return parseExclusion(text);
  } catch (error) {
    if (error instanceof RangeError) throw fault(key, error.message);
    throw error;
  }
}

function readEnds(key: string, start: unknown, end: unknown): PortRange {
  const min = readInteger(`${key}.start`, start, 1, PORT_MAX);
  const max = readInteger(`${key}.end`, end, 1, PORT_MAX);
  if (min === undefined || max === undefined) throw fault(key, 'start and end are both required');
  if (min > max) throw violation(key, `start ${min} is greater than end ${max}`);
  return { min, max };
}

function readCleanup(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const cleanup = readMapping('cleanup', value, ['expire_after_days']);
  const key = 'cleanup.expire_after_days';
  return readInteger(key, cleanup.expire_after_days, 1, EXPIRE_DAYS_MAX);
}

const occupancyKeys = {
  skip: 'skip',
  skipIpv4: 'skip_ip4',
  skipIpv6: 'skip_ip6',
  skipTcp: 'skip_tcp',
  skipUdp: 'skip_udp',
  allInterfaces: 'check_all_interfaces',
} as const;

function readOccupancy(value: unknown): ConfigLayer['occupancy'] {
  if (value === undefined) return undefined;
  const check = readMapping('occupancy_check', value, Object.values(occupancyKeys));
  return Object.fromEntries(
    Object.entries(occupancyKeys).map(([name, key]) => [
      name,
      readFlag(`occupancy_check.${key}`, check[key]),
    ]),
  );
}

function readReservations(document: unknown, rules: Rules): GroupConfig | null | undefined {
  const value = readEntries('', document ?? {}).find(([key]) => key === 'reservations')?.[1];
  if (value === undefined) return undefined;
  if (value === null) return rules === 'user' ? undefined : null;
  if (rules === 'user') throw violation('reservations', 'is not allowed in the user file');
  const group = readMapping('reservations', value, ['base', 'services']);
  if (group.services === undefined) throw fault('reservations.services', 'is required');
  const services = readServices(group.services);
  checkServices(services);
  return { base: readInteger('reservations.base', group.base, 1, PORT_MAX), services };
}

function readServices(value: unknown): Record<string, Service> {
  const entries = readEntries('reservations.services', value);
  return Object.fromEntries(
    entries.map(([tag, service], index) => [tag, readService(index + 1, service)]),
  );
}

function readService(position: number, value: unknown): Service {
  // Tags are never repeated in a message; see checkServices.
  const key = `reservations.services: service ${position}`;
  const service = readMapping(key, value ?? {}, ['offset', 'preferred', 'env']);
  return {
    offset: readInteger(`${key}: offset`, service.offset, 0, PORT_MAX),
    preferred: readInteger(`${key}: preferred`, service.preferred, 1, PORT_MAX),
    env: readText(`${key}: env`, service.env),
  };
}
