import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { basename } from 'node:path';
import { monotonicMs } from '../engine/clock.ts';
import { parseStat } from '../owner/identity.ts';
import type { OpenSocket, ProcessOwner } from './open-socket.ts';
import type { Family, Protocol } from './probe.ts';

/** A machine may run very many processes: what is not found by then stays unknown. */
const SEARCH_BUDGET_MS = 1000;

/** Other work of this process waits no longer than this for the search. */
const SLICE_MS = 10;

/** Linux counts a process's start in these ticks for every architecture we run on (USER_HZ). */
const TICKS_PER_SECOND = 100;

const TABLES = [
  ['tcp', 'ipv4', '/proc/net/tcp'],
  ['tcp', 'ipv6', '/proc/net/tcp6'],
  ['udp', 'ipv4', '/proc/net/udp'],
  ['udp', 'ipv6', '/proc/net/udp6'],
] as const;

/** A row of a table: the socket, who made it, and the number by which `/proc/<pid>/fd` calls it. */
interface Row {
  readonly socket: Omit<OpenSocket, 'owner'>;
  readonly uid: number;
  readonly inode: string;
}

/** The sockets open on `ports` in this network namespace, by proc_net(5) and `/proc/<pid>/fd`. */
export async function procSockets(ports: ReadonlySet<number>): Promise<readonly OpenSocket[]> {
  const tables = await Promise.all(
    TABLES.map(async ([protocol, family, file]) => {
      const text = await readFile(file, 'latin1').catch(() => '');
      return parseTable(text, protocol, family, ports);
    }),
  );
  const rows = tables.flat();
  const pids = await pidsBySocket(new Set(rows.map((row) => row.inode)));
  const userOf = usersById();
  return rows.map(({ socket, uid, inode }) => {
    const pid = pids.get(inode);
    return { ...socket, owner: ownerOf(pid, userOf(uid)) };
  });
}

/** Rows look like `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`. */
export function parseTable(
  text: string,
  protocol: Protocol,
  family: Family,
  ports: ReadonlySet<number>,
): readonly Row[] {
  const rows: Row[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (protocol === 'tcp' && state !== LISTEN) continue;
    const [hex = '', portHex = ''] = local.split(':');
    const port = Number.parseInt(portHex, 16);
    if (!ports.has(port) || inode === undefined) continue;
    rows.push({ socket: { protocol, ...place(hex, family), port }, uid: Number(uid), inode });
  }
  return rows;
}

/** TCP_LISTEN of the kernel's tcp_states.h. */
const LISTEN = '0A';

/** An address is printed as 32-bit words in the byte order of the machine. */
function place(hex: string, family: Family): { family: Family; address: string } {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (family === 'ipv4') return { family, address: bytes.join('.') };
  const isMapped = bytes.readUInt16BE(10) === 0xffff && bytes.subarray(0, 10).every((b) => b === 0);
  if (isMapped) return { family: 'ipv4', address: bytes.subarray(12).join('.') };
  const groups = hex.length === 32 ? bytes.toString('hex').replace(/(....)(?=.)/g, '$1:') : '::';
  return { family, address: new SocketAddress({ address: groups, family }).address };
}

/**
 * The process that holds each socket; of several that share one, the oldest number, which is
 * usually the parent. Descriptors of other users' processes are visible to root only.
 */
async function pidsBySocket(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const deadline = monotonicMs() + SEARCH_BUDGET_MS;
  let sliceEnd = monotonicMs() + SLICE_MS;
  for (const pid of pids()) {
    if (found.size === inodes.size || monotonicMs() > deadline) break;
    for (const inode of socketsOf(pid)) {
      if (inodes.has(inode) && !found.has(inode)) found.set(inode, pid);
    }
    if (monotonicMs() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = monotonicMs() + SLICE_MS;
  }
  return found;
}

function pids(): readonly number[] {
  const names = attempt(() => readdirSync('/proc')) ?? [];
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function socketsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return (attempt(() => readdirSync(folder)) ?? []).flatMap((fd) => {
    const link = attempt(() => readlinkSync(`${folder}/${fd}`)) ?? '';
    return link.startsWith('socket:[') ? [link.slice('socket:['.length, -1)] : [];
  });
}

function ownerOf(pid: number | undefined, user: string): ProcessOwner {
  if (pid === undefined) return { pid, name: undefined, user, startedAt: undefined };
  return { pid, name: nameOf(pid), user, startedAt: startTime(pid) };
}

function nameOf(pid: number): string | undefined {
  const name = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd());
  if (name !== NODE_MAIN_THREAD) return name;
  const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]);
  return command ? basename(command) : name;
}

/** Node 24 calls its main thread so, and with it the process. */
const NODE_MAIN_THREAD = 'MainThread';

/** Epoch ms, to the second: the time of the boot is told no finer. */
function startTime(pid: number): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const boot = attempt(() => /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1')));
  if (stat === undefined || !boot) return undefined;
  const ticks = Number(parseStat(stat).startedAt);
  return (Number(boot[1]) + Math.floor(ticks / TICKS_PER_SECOND)) * 1000;
}

/** User names by id, from passwd(5); a user that is not in there goes by the id. */
function usersById(): (uid: number) => string {
  const passwd = attempt(() => readFileSync('/etc/passwd', 'utf8')) ?? '';
  const names = new Map(
    passwd.split('\n').map((line) => {
      const [name, , uid] = line.split(':');
      return [Number(uid), name];
    }),
  );
  return (uid) => names.get(uid) ?? String(uid);
}

/** What `/proc` shows may be gone, or not ours to see, at the next look. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
