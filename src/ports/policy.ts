import { HoldfastError, wrongArgument } from '../errors.ts';
import { PORT_MAX, type PortRange } from './reservation.ts';

/** Which sockets count when a port is looked at. */
export interface OccupancyPolicy {
  readonly skip: boolean;
  readonly skipIpv4: boolean;
  readonly skipIpv6: boolean;
  readonly skipTcp: boolean;
  readonly skipUdp: boolean;
  /** Also the wildcard addresses, not only those of the local host. */
  readonly allInterfaces: boolean;
}

/** Everything about reservations that can be configured. */
export interface Policy extends PortRange {
  readonly excluded: readonly PortRange[];
  readonly occupancy: OccupancyPolicy;
  /** Whether an exhausted range is pruned and expired before it is given up. */
  readonly autoprune: boolean;
  readonly autoexpire: boolean;
  readonly expireAfterDays: number;
  readonly allowUnrelatedPath: boolean;
  readonly allowProjectChange: boolean;
  readonly allowTaskChange: boolean;
}

/** trop's defaults. The range stays clear of the kernel's ephemeral ports on every platform. */
export const defaultPolicy: Policy = Object.freeze({
  min: 5000,
  max: 7000,
  excluded: Object.freeze([]),
  occupancy: Object.freeze({
    skip: false,
    skipIpv4: false,
    skipIpv6: false,
    skipTcp: false,
    skipUdp: false,
    allInterfaces: false,
  }),
  autoprune: true,
  autoexpire: true,
  expireAfterDays: 30,
  allowUnrelatedPath: false,
  allowProjectChange: false,
  allowTaskChange: false,
});

/**
 * `base` with `overrides` laid over it, checked.
 * @throws RangeError for ports out of 1..65535 or in the wrong order
 * @throws CONFIG_INVALID for a number of days below 1
 */
export function resolvePolicy(base: Policy, overrides: Partial<Policy> | undefined): Policy {
  if (overrides === undefined) return base;
  const policy = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    if (value !== undefined) Object.assign(policy, { [key]: value });
  }
  assertRange('port range', policy);
  for (const range of policy.excluded) assertRange('excluded ports', range);
  assertDays(policy.expireAfterDays);
  return policy;
}

/** @throws RangeError */
export function assertPort(name: string, port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
    throw wrongArgument('range', `${name} must be a port from 1 to ${PORT_MAX}, not ${port}`);
  }
}

function assertRange(name: string, range: PortRange): void {
  assertPort(`${name}: min`, range.min);
  assertPort(`${name}: max`, range.max);
  if (range.min > range.max) {
    throw wrongArgument('range', `${name}: min ${range.min} is greater than max ${range.max}`);
  }
}

/** @throws CONFIG_INVALID */
export function assertDays(days: number): void {
  if (!Number.isSafeInteger(days) || days < 1) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `validation error for 'expire_after_days': must be a whole number of days, at least 1, not ${days}`,
    );
  }
}

/** Whether this policy looks at no socket at all. */
export function looksAtNothing(occupancy: OccupancyPolicy): boolean {
  return (
    occupancy.skip ||
    (occupancy.skipIpv4 && occupancy.skipIpv6) ||
    (occupancy.skipTcp && occupancy.skipUdp)
  );
}
