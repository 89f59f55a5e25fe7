import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { HoldfastError } from '../errors.ts';
import type { OccupancyPolicy } from './policy.ts';

export type Protocol = 'tcp' | 'udp';
export type Family = 'ipv4' | 'ipv6';

/** One place where a server could listen, and where a probe binds. */
export interface Endpoint {
  readonly protocol: Protocol;
  readonly family: Family;
  readonly scope: 'localhost' | 'all';
  readonly address: string;
}

/** What the probes of one port found. */
export interface ProbeResult {
  readonly port: number;
  readonly occupied: boolean;
  /** The endpoints that are taken, in the order of `endpointsToProbe`. */
  readonly hits: readonly Endpoint[];
  /** Families that this machine was seen to lack. Nothing can listen there: they count as free. */
  readonly absentFamilies: readonly Family[];
}

const ADDRESSES = {
  ipv4: { localhost: '127.0.0.1', all: '0.0.0.0' },
  ipv6: { localhost: '::1', all: '::' },
} as const;

/** Errors that say that the machine lacks the address family, or its loopback address. */
const FAMILY_ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * The endpoints that `policy` wants probed: IPv4 before IPv6, localhost before all interfaces,
 * TCP before UDP. Empty when the policy leaves no protocol or no family.
 */
export function endpointsToProbe(policy: OccupancyPolicy): readonly Endpoint[] {
  if (policy.skip) return [];
  const protocols = listOf(!policy.skipTcp && 'tcp', !policy.skipUdp && 'udp');
  const families = listOf(!policy.skipIpv4 && 'ipv4', !policy.skipIpv6 && 'ipv6');
  const scopes = listOf('localhost', policy.allInterfaces && 'all');
  return families.flatMap((family) =>
    scopes.flatMap((scope) =>
      protocols.map((protocol) => ({
        protocol,
        family,
        scope,
        address: ADDRESSES[family][scope],
      })),
    ),
  );
}

/**
 * Asks the kernel whether `port` can be bound, by binding it for a moment (TCP also listens).
 *
 * A bind, and not a look at `/proc/net`, because it is the very thing that the user's server will
 * do: it obeys the network namespace, sees what is bound and does not listen yet, works alike in
 * sandboxes and off Linux, and costs the same on any machine (for one read of `/proc/net/tcp` the
 * kernel walks its whole connection table: 2 ms on a small machine, 50 ms on a big one). Its
 * price: while a probe is open, others find the port taken. `ProbeQueue` therefore lets one
 * process at a time probe; probe through it.
 *
 * libuv binds TCP with SO_REUSEADDR. So connections in TIME_WAIT do not count, and neither does a
 * socket that is bound with SO_REUSEADDR and does not listen: a server can still have that port.
 * @throws PROBE_FAILED for any answer but "free", "in use" and "no such family"
 */
export async function probePort(port: number, policy: OccupancyPolicy): Promise<ProbeResult> {
  const plan = planFor(policy);
  if (plan.shortcut && (await isFreeEverywhere(port, plan.shortcut))) {
    return { port, occupied: false, hits: [], absentFamilies: [] };
  }
  const codes: (string | undefined)[] = new Array(plan.endpoints.length);
  await Promise.all(
    plan.chains.map(async (chain) => {
      for (const [index, endpoint] of chain) codes[index] = await bindError(port, endpoint);
    }),
  );
  return judge(port, plan.endpoints, codes);
}

interface Plan {
  readonly endpoints: readonly Endpoint[];
  /** Protocols to try on the dual-stack wildcard first; undefined where that proves nothing. */
  readonly shortcut: readonly Protocol[] | undefined;
  /**
   * Endpoints by protocol and family, with their places in `endpoints`. Those of one chain differ
   * in scope only, exclude each other, and are probed one after the other; chains go at once.
   */
  readonly chains: readonly (readonly (readonly [number, Endpoint])[])[];
}

/** Policies that look at the same sockets have the same key. */
export function policyKey(policy: OccupancyPolicy): string {
  const { skip, skipIpv4, skipIpv6, skipTcp, skipUdp, allInterfaces } = policy;
  return [skip, skipIpv4, skipIpv6, skipTcp, skipUdp, allInterfaces].map(Number).join('');
}

const plans = new Map<string, Plan>();

function planFor(policy: OccupancyPolicy): Plan {
  const key = policyKey(policy);
  const known = plans.get(key);
  if (known) return known;
  const endpoints = endpointsToProbe(policy);
  const chains = Map.groupBy(endpoints.entries(), ([, { protocol, family }]) => protocol + family);
  const protocols = [...new Set(endpoints.map(({ protocol }) => protocol))];
  const bothFamilies = chains.size > protocols.length;
  const plan = {
    endpoints,
    shortcut: bothFamilies && wildcardCoversAll() ? protocols : undefined,
    chains: [...chains.values()],
  };
  plans.set(key, plan);
  return plan;
}

/**
 * Whether a bind to `::` is granted only if the port is free on every address of both families.
 * True of Linux, and false of BSD, whose SO_REUSEADDR lets a wildcard in beside 127.0.0.1. Only
 * Linux with IPv6 has the file; a 1 in it keeps libuv's UDP sockets off IPv4.
 */
function wildcardCoversAll(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv6/bindv6only', 'latin1').trim() === '0';
  } catch {
    return false;
  }
}

/**
 * Two binds in the place of four or eight, for the common case. Naming no host also spares the
 * load of Node's resolver, 10 ms of a short process. A refusal says nothing yet: a server on
 * another address of this machine causes one, too.
 */
async function isFreeEverywhere(port: number, protocols: readonly Protocol[]): Promise<boolean> {
  const codes = await Promise.all(
    protocols.map((protocol) =>
      protocol === 'tcp' ? bindTcp({ port }) : bindUdp(port, ADDRESSES.ipv6.all, UDP_DUAL),
    ),
  );
  return codes.every((code) => code === undefined);
}

function judge(
  port: number,
  endpoints: readonly Endpoint[],
  codes: readonly (string | undefined)[],
): ProbeResult {
  const hits: Endpoint[] = [];
  const absent = new Set<Family>();
  for (const [index, endpoint] of endpoints.entries()) {
    const code = codes[index];
    if (code === undefined) continue;
    if (code === 'EADDRINUSE') hits.push(endpoint);
    else if (FAMILY_ABSENT.has(code)) absent.add(endpoint.family);
    else throw probeFailed(port, endpoint, code);
  }
  return { port, occupied: hits.length > 0, hits, absentFamilies: [...absent] };
}

function probeFailed(port: number, { protocol, address }: Endpoint, code: string): HoldfastError {
  return new HoldfastError(
    'PROBE_FAILED',
    `port ${port} is possibly occupied because its occupancy probe failed: ` +
      `${protocol.toUpperCase()} bind to ${address} answered ${code}`,
  );
}

/** The error code with which the endpoint refuses a bind, or undefined when it grants it. */
async function bindError(port: number, endpoint: Endpoint): Promise<string | undefined> {
  const { protocol, family, scope, address } = endpoint;
  if (protocol === 'udp') return bindUdp(port, address, family === 'ipv4' ? UDP4 : UDP6);
  const code = await bindTcp({ port, host: address, ipv6Only: true });
  if (code || scope === 'all' || process.platform === 'linux') return code;
  // With SO_REUSEADDR, BSD grants 127.0.0.1 beside a listener on 0.0.0.0; Linux does not.
  return bindTcp({ port, host: ADDRESSES[family].all, ipv6Only: true });
}

function bindTcp(options: net.ListenOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ ...options, exclusive: true }, () => {
      // The descriptor is closed when `close` returns; its callback comes a turn later.
      server.close();
      resolve(undefined);
    });
  });
}

// The addresses are numeric, so that there is nothing to look up.
const UDP4: dgram.SocketOptions = { type: 'udp4', lookup: (host, _, done) => done(null, host, 4) };
const UDP_DUAL: dgram.SocketOptions = {
  type: 'udp6',
  lookup: (host, _, done) => done(null, host, 6),
};
const UDP6: dgram.SocketOptions = { ...UDP_DUAL, ipv6Only: true };

function bindUdp(
  port: number,
  address: string,
  options: dgram.SocketOptions,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(options);
    const finish = (error?: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error && (error.code ?? error.message));
    };
    socket.once('error', finish);
    socket.bind({ port, address, exclusive: true }, () => finish());
  });
}

function listOf<T extends string>(...items: readonly (T | false)[]): T[] {
  return items.filter((item) => item !== false);
}
