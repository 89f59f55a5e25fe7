import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import { wrongArgument } from '../../errors.ts';
import { assertInjection, type InjectedAction, type Injection, whenText } from './injection.ts';
import { isInstalled, type LaunchPrefix, prefixed } from './launch-prefix.ts';

/**
 * How a process is started so that strace changes some of its system calls and writes all calls of
 * those names into `log`. Needs no privileges where a process may trace its own children. Without an
 * injected signal the process runs at nearly its own speed, because only those calls stop it.
 *
 * The numbers in `when` are those of one thread. A single thread of Node's pool makes all
 * asynchronous calls; synchronous ones are made, and counted, by the thread that runs JavaScript.
 * @throws RangeError
 */
export function straceLaunch(injections: readonly Injection[], log: string): LaunchPrefix {
  assertTogether(injections);
  const calls = injections.flatMap((injection) => injection.calls);
  const paths = new Set(injections.flatMap((injection) => injection.paths ?? []));
  const args = [
    // The tracer in the background, so that the process itself is our child: to be killed, stopped
    // and waited for. In a group of its own, so that Ctrl-C does not take it away from its process.
    '-DD',
    '-f',
    // All messages but those of ended threads, by which a log is known to be complete.
    '--quiet=attach,personality,path-resolution',
    // A signal that is asked for at a stop by seccomp is lost (strace 6.1, Linux 6.18).
    ...(injections.some(({ action }) => 'signal' in action) ? [] : ['--seccomp-bpf']),
    ...['-o', log],
    ...[...paths].flatMap((path) => ['-P', path]),
    ...['-e', `trace=${calls.join()}`],
    ...injections.flatMap((injection) => ['-e', `inject=${injectionText(injection)}`]),
    '--',
  ];
  return { command: 'strace', args, env: { UV_THREADPOOL_SIZE: '1' } };
}

function injectionText({ calls, action, when }: Injection): string {
  return `${calls.join()}:${actionText(action)}:when=${whenText(when)}`;
}

function actionText(action: InjectedAction): string {
  if ('error' in action) return `error=${action.error}`;
  if ('signal' in action) return `signal=${action.signal}`;
  return `delay_enter=${action.delayMs}ms`;
}

/** One tracer has one list of paths, and one injection for each call. */
function assertTogether(injections: readonly Injection[]): void {
  for (const injection of injections) assertInjection(injection);
  if (injections.length === 0) throw wrongArgument('range', 'system calls: none is injected into');
  const calls = injections.flatMap((injection) => injection.calls);
  const twice = calls.find((call, index) => calls.indexOf(call) !== index);
  if (twice) throw wrongArgument('range', `system calls: ${twice} is injected into twice`);
  const lists = new Set(injections.map(({ paths }) => JSON.stringify([...(paths ?? [])].sort())));
  if (lists.size > 1) {
    throw wrongArgument('range', 'system calls: all injections of a process share their paths');
  }
}

const PROBE_MS = 5000;

/**
 * Whether a process can be run with these injections here, found by running one that does nothing;
 * else the reason: no strace, no right to trace, or a system call that this machine does not have.
 */
export async function straceAvailable(injections: readonly Injection[]): Promise<true | string> {
  if (process.platform !== 'linux') return `strace is for Linux, and this is ${process.platform}`;
  if (!isInstalled('strace')) return 'strace is not installed';
  const { command, args } = prefixed([straceLaunch(injections, devNull)], 'true');
  try {
    const { stderr } = await promisify(execFile)(command, args, { timeout: PROBE_MS });
    return stderr === '' || firstLine(stderr);
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return firstLine(stderr) || String(error);
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
