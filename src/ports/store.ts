import { join, resolve } from 'node:path';
import type { Durability, Engine } from '../engine/engine.ts';
import { openSqlite } from '../engine/sqlite.ts';
import { wrongArgument } from '../errors.ts';
import type {
  Cleaned,
  CleanOptions,
  GroupOptions,
  HoldOptions,
  ListOptions,
  LookOptions,
  Migrated,
  MigrateOptions,
  Released,
  ReleaseOptions,
  Reserved,
  ReservedGroup,
  ReserveOptions,
} from './calls.ts';
import type { OpenStore } from './claims.ts';
import type { CleanupPlan } from './cleanup.ts';
import { resolveDataDir } from './config/data-dir.ts';
import type { Held } from './hold.ts';
import type { Imported } from './import-trop.ts';
import { keyText } from './leases.ts';
import { Ledger } from './ledger.ts';
import { listPage, type Page, projectsBody } from './list.ts';
import { cleanTag } from './metadata.ts';
import type { Occupancy } from './occupancy.ts';
import { normalizePath } from './path.ts';
import { assertDays, assertPort, defaultPolicy, type Policy, resolvePolicy } from './policy.ts';
import type { PortRange, Reservation } from './reservation.ts';
import { portsSchema } from './schema.ts';
import { Scout } from './scout.ts';
import type { Service } from './services.ts';
import { DATABASE_FILE } from './store-file.ts';
import type { Why } from './why.ts';

export type { Durability };

export interface PortsOptions {
  /** Data directory; `$HOLDFAST_DIR`, `$TROP_DATA_DIR` or `~/.holdfast` by default. */
  readonly dir?: string | undefined;
  /** Laid over `defaultPolicy`. */
  readonly policy?: Partial<Policy> | undefined;
  /** Default `power`. */
  readonly durability?: Durability | undefined;
  /** Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Default true; false refuses a directory without a store. */
  readonly create?: boolean | undefined;
  /** Epoch ms; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Pages of `all`, and of `list` when nothing else is said. */
const PAGE_ROWS = 1000;

/** Policies of calls that are remembered by their text; a process uses one or two. */
const POLICIES_MAX = 64;

/**
 * Port reservations by directory and tag, shared by every process that opens the same directory.
 * Each method is one transaction: it happens wholly or not at all, and when its promise resolves,
 * what it did survives a crash (see `durability`). Paths are made absolute against the working
 * directory and folded; links are not followed.
 */
export class Ports {
  readonly #engine: Engine;
  readonly #dir: string;
  readonly #policy: Policy;
  readonly #policies = new Map<string, Policy>();
  readonly #store: OpenStore;
  #claims: typeof import('./claims.ts') | undefined;

  private constructor(engine: Engine, dir: string, policy: Policy, clock: () => number) {
    const ledger = new Ledger();
    this.#engine = engine;
    this.#dir = dir;
    this.#policy = policy;
    this.#store = {
      ledger,
      scout: new Scout(engine, ledger, clock),
      policy: (overrides) => this.#resolve(overrides),
      clock,
    };
  }

  /**
   * Opens the store of a directory and creates it when it is missing. A store of trop's first
   * version is migrated.
   * @throws STORE_MISSING, NOT_A_STORE, SCHEMA_TOO_NEW, LOCK_TIMEOUT, UNSAFE_DIRECTORY,
   * NETWORK_FILESYSTEM, SQLITE_TOO_OLD, READ_ONLY
   */
  static async open(options: PortsOptions = {}): Promise<Ports> {
    const policy = resolvePolicy(defaultPolicy, options.policy);
    const dir = resolve(options.dir ?? resolveDataDir(undefined, process.env));
    const engine = await openSqlite({
      file: join(dir, DATABASE_FILE),
      schema: portsSchema,
      durability: options.durability,
      lockTimeoutMs: options.lockTimeoutMs,
      create: options.create,
      signal: options.signal,
    });
    return new Ports(engine, dir, policy, options.now ?? Date.now);
  }

  /**
   * The port of a directory and tag. A key that has one keeps it and is marked as used; a new one
   * gets `port` if that can be had, else the lowest port of the range that is not reserved, not
   * excluded and not in use. When the range is exhausted, prunes and expires in the same
   * transaction and tries once more.
   * @throws PATH_UNRELATED, STICKY_FIELD, PORTS_EXHAUSTED, PROBE_FAILED, PATH_INVALID,
   * CONFIG_INVALID, LOCK_TIMEOUT
   */
  reserve(path: string, options: ReserveOptions = {}): Promise<Reserved> {
    if (this.#claims) return this.#claims.reserve(this.#store, path, options);
    return this.#loadClaims().then((claims) => claims.reserve(this.#store, path, options));
  }

  /** At the first call: a process that only lists does without. */
  async #loadClaims(): Promise<typeof import('./claims.ts')> {
    this.#claims = await import('./claims.ts');
    return this.#claims;
  }

  /**
   * Reserves and listens on the port at once, so that nobody can take it before its server has it.
   * @throws PORT_IN_USE when somebody listens on the port that the key has, and what `reserve` throws
   */
  async hold(path: string, options: HoldOptions = {}): Promise<Held> {
    const { hold } = await import('./hold.ts');
    const { host, ...wishes } = options;
    return hold((again) => this.reserve(path, { ...wishes, ...again }), host);
  }

  /**
   * A port for each service of a group, all or nothing. The same group again answers the same ports;
   * one of another shape is a conflict unless forced.
   * @throws CONFLICT, PORTS_EXHAUSTED, PATH_UNRELATED, STICKY_FIELD, PROBE_FAILED, CONFIG_INVALID
   */
  async reserveGroup(
    path: string,
    services: Readonly<Record<string, Service>>,
    options: GroupOptions = {},
  ): Promise<ReservedGroup> {
    const { reserveGroup } = await import('./group.ts');
    return reserveGroup(this.#store, path, services, options);
  }

  /**
   * Ends reservations of a directory: every tag, one tag, or the one without. Nothing to release is
   * no error.
   * @throws PATH_UNRELATED
   */
  async release(path: string, options: ReleaseOptions = {}): Promise<Released> {
    if (options.tag !== undefined && options.untaggedOnly) {
      throw wrongArgument('type', 'Cannot specify both --tag and --untagged-only');
    }
    const { releaseBody } = await import('./release.ts');
    const target = normalizePath(path);
    const tag = options.untaggedOnly ? '' : options.tag && cleanTag(options.tag);
    if (options.relatedTo !== undefined) {
      const { guard } = await import('./claims.ts');
      await guard(target, options.relatedTo, options, this.#resolve(options.policy));
    }
    const request = {
      path: target,
      tag,
      recursive: options.recursive ?? false,
      dryRun: options.dryRun ?? false,
    };
    const released = await this.#engine.write(() => releaseBody(this.#store.ledger, request), {
      signal: options.signal,
    });
    return { released };
  }

  /** The reservation of a directory and tag, if there is one. */
  async get(path: string, tag?: string): Promise<Reservation | undefined> {
    const target = normalizePath(path);
    const name = cleanTag(tag);
    const found = await this.#engine.read(() => this.#store.ledger.find(target, name));
    return found && (await this.#lasting([found]))[0];
  }

  /** Whose port it is, if anybody's. */
  async at(port: number): Promise<Reservation | undefined> {
    assertPort('port', port);
    const found = await this.#engine.read(() => this.#store.ledger.findPort(port));
    return found && (await this.#lasting([found]))[0];
  }

  /** One page of reservations, ordered by path and tag. */
  async list(options: ListOptions = {}): Promise<Page> {
    const { limit = PAGE_ROWS, path, project, tag } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > 10 * PAGE_ROWS) {
      throw wrongArgument('range', `limit must be from 1 to ${10 * PAGE_ROWS}, not ${limit}`);
    }
    const filter = { project, tag, path: path === undefined ? undefined : normalizePath(path) };
    return listPage(
      this.#engine,
      this.#store.ledger,
      filter,
      options.cursor,
      limit,
      (rows) => this.#lasting(rows),
      options.signal,
    );
  }

  /** Every reservation that `list` would answer, page by page: each page is one snapshot. */
  async *all(options: Omit<ListOptions, 'cursor'> = {}): AsyncIterableIterator<Reservation> {
    let cursor: string | undefined;
    do {
      const page = await this.list({ ...options, cursor });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Every project that a reservation has, in the order of bytes. */
  async projects(): Promise<readonly string[]> {
    return this.#engine.read(projectsBody);
  }

  /** Removes the reservations of directories that are gone. */
  async prune(options: Omit<CleanOptions, 'days'> = {}): Promise<Cleaned> {
    return this.#clean({ ...options, prunes: true, expires: false });
  }

  /** Removes the reservations that were last used too many days ago. @throws CONFIG_INVALID */
  async expire(options: CleanOptions = {}): Promise<Cleaned> {
    return this.#clean({ ...options, prunes: false, expires: true });
  }

  /** Prunes and expires in one transaction; what both concern counts as pruned. */
  async autoclean(options: CleanOptions = {}): Promise<Cleaned> {
    return this.#clean({ ...options, prunes: true, expires: true });
  }

  /**
   * Moves reservations from one directory to another, with ports, metadata and times as they are.
   * Nothing to move is an error, but for a recursive call.
   * @throws NOT_FOUND, CONFLICT
   */
  async migrate(from: string, to: string, options: MigrateOptions = {}): Promise<Migrated> {
    const { migrateBody } = await import('./migrate.ts');
    const request = {
      from: normalizePath(from),
      to: normalizePath(to),
      recursive: options.recursive ?? false,
      force: options.force ?? false,
      dryRun: options.dryRun ?? false,
    };
    return this.#engine.write(() => migrateBody(this.#store.ledger, request), {
      signal: options.signal,
    });
  }

  /** Empties the store and answers how many reservations there were. The file stays. */
  async clear(): Promise<number> {
    const { clearBody } = await import('./clear.ts');
    return this.#engine.write(clearBody);
  }

  /** Takes over the reservations and configuration of a data directory of trop. */
  async importTrop(directory: string): Promise<Imported> {
    const { importTrop } = await import('./import-trop.ts');
    return importTrop(this.#engine, this.#store.ledger, resolve(directory), this.#dir);
  }

  /** Which sockets hold a port right now, and whose they are. @throws PROBE_FAILED */
  async occupancy(port: number, options: LookOptions = {}): Promise<Occupancy> {
    assertPort('port', port);
    const { lookAtPort } = await import('./occupancy.ts');
    const occupancy = { ...this.#policy.occupancy, ...options.occupancy };
    return lookAtPort(port, occupancy, await this.at(port));
  }

  /** The ports of a range that sockets hold right now, in order. @throws PROBE_FAILED */
  async *scan(
    range?: Partial<PortRange>,
    options: LookOptions = {},
  ): AsyncIterableIterator<Occupancy> {
    const { scanPorts } = await import('./occupancy.ts');
    const { min, max } = resolvePolicy(this.#policy, range);
    const occupancy = { ...this.#policy.occupancy, ...options.occupancy };
    const reserved = new Map<number, Reservation>();
    for await (const row of this.all({ signal: options.signal })) reserved.set(row.port, row);
    yield* await scanPorts({ min, max }, occupancy, reserved, options.signal);
  }

  /** Everything that is known about why a port is, or is not, to be had. */
  async why(port: number): Promise<Why> {
    assertPort('port', port);
    const { explain } = await import('./why.ts');
    return explain(port, this.#policy, await this.at(port));
  }

  /** A hint that something may have changed, by any process. Never the truth: look. */
  changes(signal?: AbortSignal): AsyncIterableIterator<void> {
    return this.#engine.changes(signal);
  }

  /** Waits for what is under way, then closes. Idempotent; later calls reject with CLOSED. */
  async close(): Promise<void> {
    await this.#engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #clean(
    options: CleanOptions & { readonly prunes: boolean; readonly expires: boolean },
  ): Promise<Cleaned> {
    const { cleanBody, idleSince } = await import('./cleanup.ts');
    const { secondOf } = await import('./claims.ts');
    const { ledger, scout, clock } = this.#store;
    const expireAfterDays = options.days ?? this.#policy.expireAfterDays;
    assertDays(expireAfterDays);
    const ended = await scout.ended();
    const plan: CleanupPlan = {
      inspection: options.prunes ? await scout.inspect() : undefined,
      expireBefore: options.expires ? idleSince(secondOf(clock), { expireAfterDays }) : undefined,
      dryRun: options.dryRun,
    };
    return this.#engine.write(() => cleanBody(ledger, plan, ended), { signal: options.signal });
  }

  /** Without those whose lease has ended: they are gone, and the next writer removes them. */
  async #lasting(rows: readonly Reservation[]): Promise<readonly Reservation[]> {
    if (!rows.some((row) => row.lease)) return rows;
    const ended = new Set(
      (await this.#store.scout.ended()).map((lease) => keyText(lease.path, lease.tag)),
    );
    return rows.filter((row) => !row.lease || !ended.has(keyText(row.path, row.tag ?? '')));
  }

  #resolve(overrides: Partial<Policy> | undefined): Policy {
    if (overrides === undefined) return this.#policy;
    // Equal policies must be one object: calls share what they find out by policy.
    const text = JSON.stringify(overrides);
    let policy = this.#policies.get(text);
    if (policy === undefined) {
      policy = resolvePolicy(this.#policy, overrides);
      if (this.#policies.size >= POLICIES_MAX) this.#policies.clear();
      this.#policies.set(text, policy);
    }
    return policy;
  }
}
