import { execFile } from 'node:child_process';
import type { OpenSocket } from './open-socket.ts';

/** `lsof` walks every process; a machine that needs longer shows no owners. */
const TIMEOUT_MS = 5000;

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/** The sockets open on `ports`, as lsof(8) sees them; none where it is not installed. */
export async function lsofSockets(ports: ReadonlySet<number>): Promise<readonly OpenSocket[]> {
  const printed = await new Promise<string>((resolve) => {
    execFile(
      'lsof',
      // Not -sTCP:LISTEN: it would hide UDP.
      ['-nP', '-i', '-FpcLftPnT'],
      { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT_BYTES, encoding: 'utf8' },
      // It exits 1 when it could not see everything, and what it printed is good all the same.
      (_error, stdout) => resolve(stdout),
    );
  });
  return parseLsof(printed).filter(({ port }) => ports.has(port));
}

/**
 * Reads the output of `lsof -F`: one field a line, named by its first letter. `p` begins a process,
 * `f` a file of it. TCP sockets count when they listen.
 */
export function parseLsof(printed: string): readonly OpenSocket[] {
  return printed
    .split(/^(?=p)/m)
    .flatMap((process) => {
      const [head = '', ...files] = process.split(/^(?=f)/m);
      return files.map((file) => socketOf(fieldsOf(head), fieldsOf(file)));
    })
    .filter((socket) => socket !== undefined);
}

/** Fields by letter. The state is one of several `T`, and the first. */
function fieldsOf(lines: string): ReadonlyMap<string, string> {
  const pairs = lines.split('\n').map((line) => [line.charAt(0), line.slice(1)] as const);
  return new Map(pairs.reverse());
}

function socketOf(
  owner: ReadonlyMap<string, string>,
  file: ReadonlyMap<string, string>,
): OpenSocket | undefined {
  const protocol = file.get('P') === 'UDP' ? 'udp' : 'tcp';
  const family = file.get('t') === 'IPv6' ? 'ipv6' : 'ipv4';
  const place = /^(.+):(\d+)(?:->.*)?$/.exec(file.get('n') ?? '');
  if (!place || (protocol === 'tcp' && file.get('T') !== 'ST=LISTEN')) return undefined;
  const [, host = '', port] = place;
  const wildcard = family === 'ipv4' ? '0.0.0.0' : '::';
  return {
    protocol,
    family,
    address: host === '*' ? wildcard : host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
    owner: {
      pid: Number(owner.get('p')),
      name: owner.get('c'),
      user: owner.get('L'),
      startedAt: undefined,
    },
  };
}
