import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOCK_TIMEOUT_MS } from '../lock-timeout.ts';
import { killCommand } from './kill-command.ts';
import { type PortsSetup, type PortsSubject, SubjectError, type SubjectRow } from './subject.ts';

/** As far from this file in a checkout as in a package. */
const PROGRAM = fileURLToPath(new URL('../../../../bin/holdfast.js', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is done to a command while it runs; the signal says that it has ended. */
type Meanwhile = (child: ChildProcess, ended: AbortSignal) => Promise<void>;

/** The command line: each call is a process of its own. */
export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  const env = environmentOf(setup);
  const cwd = dirname(setup.dataDir);
  const database = join(setup.dataDir, 'ports.db');
  const call = (args: readonly string[], meanwhile?: Meanwhile) =>
    runProgram(['ports', ...args], { env, cwd, meanwhile });
  const ask = async (...args: string[]) => resultOf(args, await call(args));
  return {
    async reserve(path, { configFile, kill } = {}) {
      const config = configFile === undefined ? [] : ['--config', configFile];
      const args = [...config, 'reserve', '--path', path];
      const ended = await call(
        args,
        kill && ((child, end) => killCommand(child, kill, { database, path }, end)),
      );
      // What it has printed counts, although it was killed a moment later.
      const isPrinted = /^\d+\n$/.test(ended.stdout);
      if (ended.signal !== null && !isPrinted) throw killed(args);
      return Number(isPrinted ? ended.stdout : resultOf(args, ended).stdout);
    },
    async reserveGroup(path, count) {
      const args = ['--path', path, '--count', String(count), '--format', 'json'];
      const { stdout } = await ask('reserve-group', ...args);
      const ports: Record<string, number> = JSON.parse(stdout);
      return Object.values(ports).sort((a, b) => a - b);
    },
    async release(path) {
      const { stdout } = await ask('release', '--path', path, '--json');
      const { released }: { released: readonly unknown[] } = JSON.parse(stdout);
      return released.length;
    },
    async list() {
      const { stdout } = await ask('list', '--format', 'json');
      const rows: (Omit<SubjectRow, 'tag'> & { tag: string | null })[] = JSON.parse(stdout);
      return rows.map(({ path, tag, port }) => ({ path, tag: tag ?? undefined, port }));
    },
    async cleanup() {
      const { stderr } = await ask('cleanup', '--force');
      return Number(/\d+/.exec(stderr)?.[0] ?? 0);
    },
    async migrate(from, to) {
      const { stderr } = await ask('migrate', '--from', from, '--to', to);
      return Number(/Migrated: (\d+)/.exec(stderr)?.[1] ?? 0);
    },
    async validate() {
      const ended = await call(['assert-data-dir', '--validate']);
      return ended.status === 0 ? [] : [ended.stderr.trim() || `exit ${ended.status}`];
    },
    async exclude(min, max) {
      await ask('exclude', `${min}..${max}`, '--global');
    },
    async close() {},
  };
}

function environmentOf({ dataDir, range, probes }: PortsSetup): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(TROP|HOLDFAST)_/.test(name) &&
      !['NODE_EXTRA_CA_CERTS', 'NODE_TEST_CONTEXT', 'NODE_OPTIONS'].includes(name),
  );
  return {
    ...Object.fromEntries(kept),
    TROP_DATA_DIR: dataDir,
    TROP_ALLOW_UNRELATED_PATH: '1',
    TROP_BUSY_TIMEOUT: String(LOCK_TIMEOUT_MS / 1000),
    ...(range && { TROP_PORT_MIN: String(range.min), TROP_PORT_MAX: String(range.max) }),
    ...(!probes && { TROP_SKIP_OCCUPANCY_CHECK: '1' }),
  };
}

async function runProgram(
  args: readonly string[],
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
    readonly meanwhile: Meanwhile | undefined;
  },
): Promise<Ended> {
  const { env, cwd, meanwhile } = options;
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new AbortController();
  const aside = meanwhile?.(child, ended.signal);
  await once(child, 'close');
  ended.abort();
  await aside;
  return { status: child.exitCode, signal: child.signalCode, stdout, stderr };
}

function resultOf(args: readonly string[], ended: Ended): Ended {
  if (ended.status === 0) return ended;
  const message = ended.stderr.trim() || `${args.join(' ')}: exit ${ended.status}`;
  throw new SubjectError(codeOf(ended), message);
}

function killed(args: readonly string[]): SubjectError {
  return new SubjectError('KILLED', `${args.join(' ')}: killed before it had printed`);
}

function codeOf({ status, stderr }: Ended): string {
  if (/no available ports|exhausted/i.test(stderr)) return 'PORTS_EXHAUSTED';
  if (/database lock timeout/.test(stderr)) return 'LOCK_TIMEOUT';
  if (/reservation conflict/.test(stderr)) return 'CONFLICT';
  return `EXIT_${status}`;
}
