import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setTimeout as passing } from 'node:timers/promises';

export const bin = join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js');
const UNWANTED = /^(TROP_|HOLDFAST_|NODE_TEST_CONTEXT$|NODE_EXTRA_CA_CERTS$)/;
/** Nothing here takes as long on a machine that works. */
const TIMEOUT_MS = 60_000;

export interface Result {
  /** The exit status, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface How {
  readonly input?: string | Uint8Array | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** The commands of one store, in a directory of their own. */
export class StoreLine {
  readonly temp: string;
  readonly #store: string;
  readonly #children = new Set<ChildProcess>();

  constructor(t: TestContext, store: string) {
    this.#store = store;
    this.temp = realpathSync(mkdtempSync(join(tmpdir(), `holdfast-${store}-cli-`)));
    t.after(async () => {
      for (const child of this.#children) child.kill('SIGKILL');
      await this.leave();
      rmSync(this.temp, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.temp, name);
  }

  /** A file that only its owner reads. */
  file(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Variables that every command has. */
  protected get env(): NodeJS.ProcessEnv {
    return { HOLDFAST_DIR: this.path('data') };
  }

  /** Before the directory is removed. */
  protected async leave(): Promise<void> {}

  start(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.startProgram(process.execPath, [bin, this.#store, ...args], options);
  }

  startProgram(
    program: string,
    args: readonly string[],
    { env, ...options }: SpawnOptions = {},
  ): ChildProcess {
    const kept = Object.entries(process.env).filter(([name]) => !UNWANTED.test(name));
    const child = spawn(program, args, {
      ...{ cwd: this.temp, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      env: { ...Object.fromEntries(kept), ...this.env, ...env },
      ...options,
    });
    this.#children.add(child);
    return child;
  }

  async run(args: readonly string[], { input = '', env = {} }: How = {}): Promise<Result> {
    const child = this.start(args, { env });
    const { stdin, stdout, stderr } = child;
    assert.ok(stdin && stdout && stderr);
    // Not everything is read where a command is refused.
    stdin.on('error', () => undefined);
    stdin.end(input);
    const outcome = Promise.all([buffer(stdout), buffer(stderr), ended(child)]);
    const [out, err, code] = await outcome;
    return { code, stdout: out.toString(), stderr: err.toString() };
  }

  /** What a command prints that succeeds. */
  async ok(line: string, how?: How): Promise<string> {
    const result = await this.run(line.split(' '), how);
    assert.equal(result.code, 0, `${line}: ${result.stderr}`);
    return result.stdout;
  }

  async json<T = Record<string, unknown>>(line: string, how?: How): Promise<T> {
    return JSON.parse(await this.ok(`${line} --json`, how));
  }

  /** How a command is refused. */
  async fails(line: string, how?: How): Promise<Result> {
    const result = await this.run(line.split(' '), how);
    assert.notEqual(result.code, 0, line);
    assert.doesNotMatch(result.stderr, /internal error|\n {4}at /);
    return result;
  }
}

/** The exit status of a process, or the signal that ended it. */
export async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal] = await once(child, 'exit');
  return code ?? signal;
}

/** Without its /proc and /dev/shm there is less to be seen. */
export const isLinux = process.platform === 'linux';

/** Resolves once `check` holds. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await passing(5);
}

/** Resolves once a process does something about a signal. */
export async function catches(signal: NodeJS.Signals, { pid }: ChildProcess): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  await until(() => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status) ?? [];
    return (BigInt(`0x${mask}`) & bit) !== 0n;
  });
}
