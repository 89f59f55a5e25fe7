import { threadsOf } from './cpu.ts';
import { linkOfProc, readProc } from './proc.ts';

/** A call of the system that a thread is in. */
export interface SystemCall {
  readonly thread: number;
  /** `flock`, `read`, …; its number where the name is not known. */
  readonly name: string;
  /** Path or kind of the descriptor it works on. */
  readonly target: string | undefined;
  /** Where in the kernel it sleeps. */
  readonly sleepsIn: string | undefined;
}

/**
 * What the threads of a process wait for in the kernel, this moment. Threads that only wait for
 * work are left out. Linux, and only of processes that this one may trace, as its own children:
 * else nothing.
 */
export function systemCalls(pid: number): readonly SystemCall[] {
  return (
    threadsOf(pid)
      .map(({ id }) => systemCallOf(pid, id))
      .filter((call) => call !== undefined)
      // The threads of V8 and libuv sleep on a futex until there is work.
      .filter(({ name, thread }) => name !== 'futex' || thread === pid)
  );
}

/** That of one thread, if it is in one other than that of an event loop that waits. */
export function systemCallOf(pid: number, thread: number): SystemCall | undefined {
  const found = parseCall(readProc(`${pid}/task/${thread}/syscall`) ?? '', process.arch);
  if (!found || IDLE.has(found.name)) return undefined;
  const { name, descriptor } = found;
  const target = descriptor === undefined ? undefined : linkOfProc(`${pid}/fd/${descriptor}`);
  const where = readProc(`${pid}/task/${thread}/wchan`);
  // Zero: hidden from us, or awake by now.
  return { thread, name, target, sleepsIn: where === '0' ? undefined : where };
}

/** `73 0x5 0x2 …`: number and arguments of the call; a thread that runs has none. */
export function parseCall(
  text: string,
  arch: string,
): { readonly name: string; readonly descriptor: number | undefined } | undefined {
  const [number = '', first = ''] = text.trim().split(' ');
  if (!/^\d+$/.test(number)) return undefined;
  const name = NAMES[arch]?.[Number(number)] ?? `system call ${number}`;
  return { name, descriptor: ON_DESCRIPTOR.has(name) ? Number(first) : undefined };
}

/** Calls in which an event loop waits for something to happen. */
const IDLE = new Set(['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'io_uring_enter']);

const ON_DESCRIPTOR = new Set(
  'read write pread64 pwrite64 readv writev preadv pwritev fcntl flock fsync fdatasync ftruncate'.split(
    ' ',
  ),
);

// Calls that may take long, by the number they have in the kernel (asm/unistd.h).
const NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  x64: {
    ...{ 0: 'read', 1: 'write', 2: 'open', 7: 'poll', 17: 'pread64', 18: 'pwrite64' },
    ...{ 19: 'readv', 20: 'writev', 35: 'nanosleep', 42: 'connect', 43: 'accept' },
    ...{ 61: 'wait4', 72: 'fcntl', 73: 'flock', 74: 'fsync', 75: 'fdatasync', 77: 'ftruncate' },
    ...{ 82: 'rename', 202: 'futex', 230: 'clock_nanosleep', 232: 'epoll_wait', 247: 'waitid' },
    ...{ 257: 'openat', 271: 'ppoll', 281: 'epoll_pwait', 295: 'preadv', 296: 'pwritev' },
    ...{ 426: 'io_uring_enter', 441: 'epoll_pwait2' },
  },
  arm64: {
    ...{ 22: 'epoll_pwait', 25: 'fcntl', 32: 'flock', 38: 'renameat', 46: 'ftruncate' },
    ...{ 56: 'openat', 63: 'read', 64: 'write', 65: 'readv', 66: 'writev', 67: 'pread64' },
    ...{ 68: 'pwrite64', 69: 'preadv', 70: 'pwritev', 73: 'ppoll', 82: 'fsync' },
    ...{ 83: 'fdatasync', 95: 'waitid', 98: 'futex', 101: 'nanosleep', 115: 'clock_nanosleep' },
    ...{ 202: 'accept', 203: 'connect', 260: 'wait4', 426: 'io_uring_enter', 441: 'epoll_pwait2' },
  },
};
