import type { Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import type { GroupOptions, ReservedGroup } from './calls.ts';
import { guard, leaseOf, type OpenStore, permissionsOf, secondOf } from './claims.ts';
import { type GroupPlace, type GroupPorts, type GroupWish, placeGroup } from './group-place.ts';
import type { Ledger } from './ledger.ts';
import { cleanMetadata, type Metadata, type MetadataPermissions, mergeSticky } from './metadata.ts';
import { normalizePath } from './path.ts';
import type { Lease, Reservation } from './reservation.ts';
import { leaseAfter } from './reserve.ts';
import type { Knowledge, Need } from './scout.ts';
import { checkServices, type Service } from './services.ts';

/** One call of `reserveGroup`, checked and complete. */
export interface GroupRequest extends GroupWish {
  readonly path: string;
  readonly metadata: Metadata;
  readonly permissions: MetadataPermissions;
  /** Replace the group that is stored, whatever its shape. */
  readonly force: boolean;
  /** See `ReserveRequest`. */
  readonly lease: Lease | null | undefined;
  readonly now: () => number;
}

export interface DecidedGroup {
  /** In the order of the services. */
  readonly reservations: readonly Reservation[];
  readonly outcome: 'created' | 'kept' | 'moved';
}

/** See `Ports.reserveGroup`. */
export async function reserveGroup(
  store: OpenStore,
  path: string,
  services: Readonly<Record<string, Service>>,
  options: GroupOptions,
): Promise<ReservedGroup> {
  const policy = store.policy(options.policy);
  const request: GroupRequest = {
    path: normalizePath(path),
    services: checkServices(services),
    base: baseIn(policy, options.base),
    policy,
    metadata: cleanMetadata(options),
    permissions: permissionsOf(options, policy),
    force: options.force ?? false,
    lease: options.lease === undefined ? undefined : await leaseOf(store, options.lease),
    now: () => secondOf(store.clock),
  };
  if (options.relatedTo !== undefined) {
    await guard(request.path, options.relatedTo, options, policy);
  }
  const { reservations, outcome } = await store.scout.decide<DecidedGroup>(
    policy,
    (known) => groupBody(store.ledger, request, known),
    options.signal,
  );
  return {
    path: request.path,
    ports: Object.fromEntries(reservations.map(({ tag, port }) => [tag, port])),
    env: Object.fromEntries(request.services.map(({ tag, env }) => [tag, env])),
    outcome,
  };
}

function baseIn({ min, max }: GroupWish['policy'], base: number | undefined): number {
  if (base === undefined) return min;
  if (Number.isInteger(base) && base >= min && base <= max) return base;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `validation error for 'reservations.base': must lie in the port range ${min}-${max}, not ${base}`,
  );
}

/**
 * The whole decision about one group, in one transaction: keep it, refuse it, or allocate every
 * port of it.
 * @throws CONFLICT, STICKY_FIELD, PORTS_EXHAUSTED, CORRUPT
 */
export function* groupBody(
  ledger: Ledger,
  request: GroupRequest,
  known: Knowledge,
): Steps<DecidedGroup | Need> {
  if (known.ended !== undefined) yield* ledger.reap(known.ended);
  else if ((yield* ledger.leases.get()).size > 0) return { need: 'owners' };
  const stored = (yield* ledger.atPath(request.path)).filter(({ tag }) => tag !== undefined);
  if (stored.length > 0 && !request.force) return yield* keepGroup(ledger, request, stored);
  const place = yield* findPlace(ledger, request, stored, known);
  if (place === undefined) throw exhausted(request);
  if ('unseen' in place) return { need: 'probe', ports: place.unseen, scanning: false };
  for (const row of stored) yield* ledger.remove(row);
  return yield* insertGroup(ledger, request, stored, place.ports);
}

/** Answers undefined when there is no room. */
function* findPlace(
  ledger: Ledger,
  request: GroupRequest,
  stored: readonly Reservation[],
  known: Knowledge,
): Steps<GroupPlace | undefined> {
  const place = placeGroup(request, yield* ledger.pool.get(), stored, known.isFree);
  if (place && ('unseen' in place || !(yield* isTaken(ledger, place.ports, stored)))) return place;
  // What is remembered can be some ms behind a program that does not keep the epoch (trop, say).
  return placeGroup(request, yield* ledger.pool.build(), stored, known.isFree);
}

/** Whether somebody else has one of the chosen ports after all. */
function* isTaken(
  ledger: Ledger,
  ports: GroupPorts,
  stored: readonly Reservation[],
): Steps<boolean> {
  const own = new Set(stored.map(({ port }) => port));
  for (const port of ports.values()) {
    if (!own.has(port) && (yield* ledger.isTaken(port))) return true;
  }
  return false;
}

function exhausted({ policy: { max, min }, services }: GroupRequest): HoldfastError {
  return new HoldfastError(
    'PORTS_EXHAUSTED',
    `no available ports: port range ${min}-${max} exhausted: no base leaves room for a group of ${services.length} service(s)`,
  );
}

function* keepGroup(
  ledger: Ledger,
  request: GroupRequest,
  stored: readonly Reservation[],
): Steps<DecidedGroup> {
  const byTag = new Map(stored.map((row) => [row.tag, row]));
  const rows = request.services.map(({ tag }) => byTag.get(tag)).filter((row) => row !== undefined);
  if (rows.length !== request.services.length || rows.length !== stored.length) {
    throw conflict(request.path, 'its tags are not those of the requested services');
  }
  if (!fits(request, rows)) {
    throw conflict(request.path, 'its ports do not match the requested offsets and ports');
  }
  const reservations: Reservation[] = [];
  for (const found of rows) {
    const row = {
      ...found,
      ...mergeSticky(found, request.metadata, request.permissions),
      lastUsedAt: Math.max(request.now(), found.createdAt),
      lease: leaseAfter(found, request.lease),
    };
    yield* ledger.update(found, row);
    reservations.push(row);
  }
  return { reservations, outcome: 'kept' };
}

/** Each port is the preferred one, or all the others go by one base inside the range. */
function fits({ policy, services }: GroupRequest, rows: readonly Reservation[]): boolean {
  const bases = new Set<number>();
  for (const [index, service] of services.entries()) {
    const port = rows[index]?.port;
    if (port !== undefined && port !== service.preferred) bases.add(port - service.offset);
  }
  const [base, ...others] = bases;
  if (base === undefined) return true;
  return others.length === 0 && base >= policy.min && base <= policy.max;
}

/** Names no tag: it may come from a file that somebody else wrote. */
function conflict(path: string, reason: string): HoldfastError {
  return new HoldfastError(
    'CONFLICT',
    `reservation conflict: existing group at ${path} is incompatible: ${reason}`,
  );
}

function* insertGroup(
  ledger: Ledger,
  request: GroupRequest,
  replaced: readonly Reservation[],
  ports: GroupPorts,
): Steps<DecidedGroup> {
  const now = request.now();
  const { project, task } = request.metadata;
  const shared = {
    path: request.path,
    project: (project === undefined ? uniform(replaced, 'project') : project) ?? undefined,
    task: (task === undefined ? uniform(replaced, 'task') : task) ?? undefined,
    createdAt: now,
    lastUsedAt: now,
    lease: request.lease ?? undefined,
  };
  const reservations: Reservation[] = [];
  for (const [{ tag }, port] of ports) {
    const row = { ...shared, tag, port };
    yield* ledger.insert(row);
    reservations.push(row);
  }
  return { reservations, outcome: replaced.length > 0 ? 'moved' : 'created' };
}

/** What a replaced group had, if all of it had the same. */
function uniform(rows: readonly Reservation[], field: 'project' | 'task'): string | undefined {
  const values = new Set(rows.map((row) => row[field]));
  return values.size === 1 ? rows[0]?.[field] : undefined;
}
