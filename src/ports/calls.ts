import type { OwnerIdentity } from '../owner/identity.ts';
import type { ListFilter } from './list.ts';
import type { OccupancyPolicy, Policy } from './policy.ts';
import type { Reservation } from './reservation.ts';

/** A lease: the reservation ends with its owner. */
export interface LeaseOptions {
  /** After this an owner in another pid namespace counts as gone; by default it never does. */
  readonly ttlMs?: number | undefined;
  /** The process that the reservation ends with, or its pid; this one by default. */
  readonly owner?: OwnerIdentity | number | undefined;
}

/** What guards a call against the wrong directory. */
export interface GuardOptions {
  /** Refuse a path that is neither this directory nor above nor below it; no guard without. */
  readonly relatedTo?: string | undefined;
  /** Overrides every guard: the path, sticky fields, exclusions, occupancy. */
  readonly force?: boolean | undefined;
  /** Laid over the policy that the store was opened with. */
  readonly policy?: Partial<Policy> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What concerns one reservation and a group alike. */
export interface ClaimOptions extends GuardOptions {
  /** Text for a new reservation, or to change (with permission); null clears; else kept. */
  readonly project?: string | null | undefined;
  readonly task?: string | null | undefined;
  /**
   * True ties a new reservation to the life of this process, renews a lease of the key, or takes
   * it over from another process. A reservation without a lease stays without. False ends a lease,
   * not the reservation.
   */
  readonly lease?: boolean | LeaseOptions | undefined;
}

export interface ReserveOptions extends ClaimOptions {
  readonly tag?: string | undefined;
  /** For a new reservation when `project` or `task` is left out; ignored when not valid. */
  readonly inferProject?: string | undefined;
  readonly inferTask?: string | undefined;
  /** Taken if it can be had; it never moves a reservation that exists. */
  readonly port?: number | undefined;
  /** Choose a port anew although the key has one; the creation time stays. */
  readonly overwrite?: boolean | undefined;
  /** These two concern `port` only. */
  readonly ignoreOccupied?: boolean | undefined;
  readonly ignoreExclusions?: boolean | undefined;
}

export interface HoldOptions extends ReserveOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string | undefined;
}

export type Reserved = Reservation & {
  readonly outcome: 'created' | 'kept' | 'moved';
  /** Present when the range was exhausted and cleaned. */
  readonly cleaned?: {
    readonly pruned: number;
    readonly expired: number;
    readonly warnings: readonly string[];
  };
};

export interface GroupOptions extends ClaimOptions {
  /** Where the search for the group's base begins; the lowest port of the range by default. */
  readonly base?: number | undefined;
}

export interface ReservedGroup {
  readonly path: string;
  /** By tag, in the order of tags. */
  readonly ports: Readonly<Record<string, number>>;
  /** Names of environment variables by tag. */
  readonly env: Readonly<Record<string, string>>;
  readonly outcome: 'created' | 'kept' | 'moved';
}

export interface ReleaseOptions extends GuardOptions {
  /** Only the reservation with this tag; every one of the path by default. */
  readonly tag?: string | undefined;
  /** Only the reservation without a tag. */
  readonly untaggedOnly?: boolean | undefined;
  /** Also below the path. */
  readonly recursive?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Released {
  readonly released: readonly Reservation[];
}

export interface ListOptions extends ListFilter {
  /** 1 to 10,000; default 1,000. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CleanOptions {
  /** Idle for more than this; the policy's by default. */
  readonly days?: number | undefined;
  /** Only tell what would go. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Cleaned {
  readonly pruned: readonly Reservation[];
  readonly expired: readonly Reservation[];
  /** One for each directory that could not be looked at; its reservations stay. */
  readonly warnings: readonly string[];
}

export interface MigrateOptions {
  /** Also what is below `from`. */
  readonly recursive?: boolean | undefined;
  /** Replace reservations at the destination. */
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Migrated {
  /** What moved, as it was. */
  readonly moved: readonly { readonly from: Reservation; readonly to: string }[];
  /** What stood at the destination and is gone. */
  readonly replaced: readonly Reservation[];
}

export interface LookOptions {
  readonly occupancy?: Partial<OccupancyPolicy> | undefined;
  readonly signal?: AbortSignal | undefined;
}
