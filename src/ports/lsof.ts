import { execFile } from 'node:child_process';
import type { OpenSocket } from './owners.ts';

/** `lsof` walks every process; a machine that needs longer shows no owners. */
const TIMEOUT_MS = 5000;

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/** The sockets open on `ports`, as lsof(8) sees them; none where it is not installed. */
export async function lsofSockets(ports: ReadonlySet<number>): Promise<readonly OpenSocket[]> {
  const printed = await new Promise<string>((resolve) => {
    execFile(
      'lsof',
      ['-nP', '-iTCP', '-sTCP:LISTEN', '-iUDP', '-FpcLftPn'],
      { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT_BYTES, encoding: 'utf8' },
      // It exits 1 when it could not see everything, and what it printed is good all the same.
      (_error, stdout) => resolve(stdout),
    );
  });
  return parseLsof(printed).filter(({ port }) => ports.has(port));
}

/**
 * Reads the output of `lsof -F`: one field a line, named by its first letter. `p` begins a
 * process, `f` a file of it.
 */
export function parseLsof(printed: string): readonly OpenSocket[] {
  const sockets: OpenSocket[] = [];
  const fields = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const letter = line.charAt(0);
    if (letter === 'p') fields.clear();
    fields.set(letter, line.slice(1));
    // The name is the last field of a file.
    if (letter !== 'n') continue;
    const socket = socketOf(fields);
    if (socket) sockets.push(socket);
  }
  return sockets;
}

function socketOf(fields: ReadonlyMap<string, string>): OpenSocket | undefined {
  const protocol = PROTOCOLS.get(fields.get('P') ?? '');
  const family = FAMILIES.get(fields.get('t') ?? '');
  const name = /^(.+):(\d+)(?:->.*)?$/.exec(fields.get('n') ?? '');
  if (!protocol || !family || !name) return undefined;
  const [, host = '', port] = name;
  const wildcard = family === 'ipv4' ? '0.0.0.0' : '::';
  return {
    protocol,
    family,
    address: host === '*' ? wildcard : host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
    owner: {
      pid: Number(fields.get('p')),
      name: fields.get('c'),
      user: fields.get('L'),
      startedAt: undefined,
    },
  };
}

const PROTOCOLS = new Map([
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
] as const) as ReadonlyMap<string, OpenSocket['protocol']>;

const FAMILIES = new Map([
  ['IPv4', 'ipv4'],
  ['IPv6', 'ipv6'],
] as const) as ReadonlyMap<string, OpenSocket['family']>;
