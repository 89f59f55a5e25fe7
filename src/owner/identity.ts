import { readFileSync, readlinkSync } from 'node:fs';
import { wrongArgument } from '../errors.ts';

/**
 * Identifies one life of one process: a pid alone is given to another process sooner or later.
 */
export interface OwnerIdentity {
  readonly pid: number;
  /** Linux: clock ticks from boot to the start of the process. Elsewhere: what `ps` prints. */
  readonly startedAt: string;
  /** Another at every boot of the machine; empty where the system does not tell. */
  readonly bootId: string;
  /** Where `pid` means this process; empty where there are no such namespaces. */
  readonly pidNamespace: string;
}

/** `unknown`: the owner is where we cannot look. Take nothing from it. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

/** What the system shows of a pid now. */
type Life =
  | { readonly state: 'gone' | 'hidden' }
  | { readonly state: 'running' | 'zombie'; readonly startedAt: string };

let self: OwnerIdentity | undefined;

/** The identity of this process, read once. */
export function selfIdentity(): OwnerIdentity {
  self ??= {
    pid: process.pid,
    startedAt: ownStart(),
    bootId: bootId(),
    pidNamespace: pidNamespace(),
  };
  return self;
}

/**
 * The identity of another process.
 * @throws RangeError when it is gone or cannot be looked at from here
 */
export function identityOf(pid: number): OwnerIdentity {
  const life = lifeOf(pid);
  if (life.state !== 'running')
    throw wrongArgument('range', `process ${pid} cannot own a lease: it is gone`);
  return { ...selfIdentity(), pid, startedAt: life.startedAt };
}

/**
 * Whether the owner still lives: one small read on Linux, one run of `ps` elsewhere. A zombie is
 * dead: it holds no socket and does no more work.
 */
export function ownerState(owner: OwnerIdentity): OwnerState {
  const here = selfIdentity();
  if (here.startedAt === '' || owner.startedAt === '') return 'unknown';
  if (owner.bootId !== here.bootId) {
    return owner.bootId === '' || here.bootId === '' ? 'unknown' : 'dead';
  }
  if (owner.pidNamespace !== here.pidNamespace) return 'unknown';
  const life = lifeOf(owner.pid);
  if (life.state === 'hidden') return 'unknown';
  return life.state === 'running' && life.startedAt === owner.startedAt ? 'alive' : 'dead';
}

function ownStart(): string {
  // A /proc of another pid namespace would speak of other processes.
  if (process.platform === 'linux' && linkText('/proc/self') !== String(process.pid)) return '';
  const life = lifeOf(process.pid);
  return 'startedAt' in life ? life.startedAt : '';
}

function lifeOf(pid: number): Life {
  return process.platform === 'linux' ? lifeByProc(pid) : lifeByPs(pid);
}

function lifeByProc(pid: number): Life {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // Mounted with hidepid, /proc shows other users' processes to nobody.
    return { state: exists(pid) ? 'hidden' : 'gone' };
  }
  return parseStat(stat);
}

/** proc_pid_stat(5): `pid (comm) state …`, of which the 22nd is the start time. */
export function parseStat(stat: string): { state: 'running' | 'zombie'; startedAt: string } {
  // The name may hold spaces and parentheses; what follows its last `)` may not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startedAt = fields[22 - 3] ?? '';
  return { state: state === 'Z' || state === 'X' ? 'zombie' : 'running', startedAt };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function lifeByPs(pid: number): Life {
  const printed = output('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
  if (printed === undefined) return { state: exists(pid) ? 'hidden' : 'gone' };
  const [state = '', ...start] = printed.trim().split(/\s+/);
  return { state: state.startsWith('Z') ? 'zombie' : 'running', startedAt: start.join(' ') };
}

function bootId(): string {
  if (process.platform !== 'linux') return output('sysctl', ['-n', 'kern.bootsessionuuid']) ?? '';
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

function pidNamespace(): string {
  return process.platform === 'linux' ? (linkText('/proc/self/ns/pid') ?? '') : '';
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** What a program of the system prints, or undefined when it fails. */
function output(command: string, args: readonly string[]): string | undefined {
  // Not imported: nothing on Linux needs it, and every start of the CLI would pay.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync(command, args, {
      encoding: 'latin1',
      // `lstart` is printed in the reader's own language and time zone.
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim();
  } catch {
    return undefined;
  }
}
