import { wrongArgument } from '../errors.ts';
import type { ClaimOptions, GuardOptions, Reserved, ReserveOptions } from './calls.ts';
import type { Ledger } from './ledger.ts';
import { cleanGuess, cleanMetadata, cleanTag, type MetadataPermissions } from './metadata.ts';
import { assertRelated, normalizePath } from './path.ts';
import { assertPort, type Policy } from './policy.ts';
import type { Lease } from './reservation.ts';
import { type Decided, reserveBody } from './reserve.ts';
import type { Scout } from './scout.ts';

/** What the methods of one open store share. */
export interface OpenStore {
  readonly ledger: Ledger;
  readonly scout: Scout;
  /** The store's policy with a call's own laid over it. */
  readonly policy: (overrides: Partial<Policy> | undefined) => Policy;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** The file keeps whole seconds. */
export function secondOf(clock: () => number): number {
  return Math.floor(clock() / 1000) * 1000;
}

/** See `Ports.reserve`. */
export async function reserve(
  store: OpenStore,
  path: string,
  options: ReserveOptions,
): Promise<Reserved> {
  const policy = store.policy(options.policy);
  const force = options.force ?? false;
  const target = normalizePath(path);
  if (options.port !== undefined) assertPort('port', options.port);
  const request = {
    path: target,
    tag: cleanTag(options.tag),
    metadata: cleanMetadata(options),
    inferred: {
      project: cleanGuess('project', options.inferProject),
      task: cleanGuess('task', options.inferTask),
    },
    permissions: permissionsOf(options, policy),
    policy,
    preferred: options.port,
    overwrite: force || (options.overwrite ?? false),
    ignoreOccupied: force || (options.ignoreOccupied ?? false),
    ignoreExclusions: force || (options.ignoreExclusions ?? false),
    lease: options.lease === undefined ? undefined : await leaseOf(store, options.lease),
    now: () => secondOf(store.clock),
  };
  if (options.relatedTo !== undefined) await guard(target, options.relatedTo, options, policy);
  const decided = await store.scout.decide<Decided>(
    policy,
    (known) => reserveBody(store.ledger, request, known),
    options.signal,
  );
  store.ledger.remember(decided.reservation);
  return answer(decided);
}

function answer({ reservation, outcome, cleaned }: Decided): Reserved {
  if (cleaned === undefined) return { ...reservation, outcome };
  const { pruned, expired, warnings } = cleaned;
  return {
    ...reservation,
    outcome,
    cleaned: { pruned: pruned.length, expired: expired.length, warnings },
  };
}

export function permissionsOf(options: ClaimOptions, policy: Policy): MetadataPermissions {
  return {
    allowProjectChange: options.force || policy.allowProjectChange,
    allowTaskChange: options.force || policy.allowTaskChange,
  };
}

/** @throws PATH_UNRELATED */
export async function guard(
  target: string,
  directory: string,
  options: GuardOptions,
  policy: Policy,
): Promise<void> {
  if (options.force || policy.allowUnrelatedPath) return;
  assertRelated(target, normalizePath(directory));
}

/** null ends a lease. */
export async function leaseOf(
  store: OpenStore,
  wanted: NonNullable<ClaimOptions['lease']>,
): Promise<Lease | null> {
  if (wanted === false) return null;
  const { ttlMs, owner } = wanted === true ? {} : wanted;
  if (ttlMs !== undefined && !(ttlMs > 0)) {
    throw wrongArgument('range', `ttlMs of a lease must be greater than 0, not ${ttlMs}`);
  }
  const { identityOf, selfIdentity } = await import('../owner/identity.ts');
  const { pid, startedAt, bootId, pidNamespace } =
    typeof owner === 'number' ? identityOf(owner) : (owner ?? selfIdentity());
  const expiresAt = ttlMs === undefined ? undefined : Math.ceil(store.clock() + ttlMs);
  return { pid, startedAt, bootId, pidNamespace, expiresAt };
}
