import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';
import { HoldfastError } from '../../errors.ts';
import { type LaunchPrefix, prefixed } from '../faults/launch-prefix.ts';
import { processUse, threadUse, type Use } from '../stall/cpu.ts';
import { INSPECTOR_ARGV } from '../stall/process-inspector.ts';
import { type Stack, stackOf, threadStackOf } from '../stall/stacks.ts';
import { type Reply, type Request, workerFile } from './protocol.ts';

/** A worker as its supervisor sees it: one question at a time, and it may die. */
export interface Worker {
  readonly isAlive: boolean;
  /** Of a process. */
  readonly pid: number | undefined;
  /** @throws WORKER_FAILED when it dies first, or answers that it failed */
  ask(request: Request): Promise<Reply>;
  /** The next reply without asking: that of a thread which went through the gate. */
  next(): Promise<Reply>;
  /** What it has used of the processor, where that can be seen. */
  use(): Use | undefined;
  /** What it is at, by asking it in the middle of whatever that is. */
  stack(): Promise<Stack | undefined>;
  /** Without waiting for an answer. */
  tell(request: Request): void;
  /** At once and without a word to it. */
  kill(): Promise<void>;
}

export type WorkerKind = 'threads' | 'processes';

/** Processes may be started behind commands that limit or trace them. */
export function startWorker(kind: WorkerKind, launch: readonly LaunchPrefix[] = []): Worker {
  return kind === 'threads' ? startThread() : startProcess(launch);
}

// The store under test may print; a report is no place for that.
const EXEC_ARGV = ['--disable-warning=ExperimentalWarning'];

/** How long a worker is asked what it is at. */
const STACK_MS = 2000;

/** How much of what a worker printed to stderr is kept to explain its death. */
const STDERR_BYTES = 2000;

function startThread(): Worker {
  const thread = new Thread(workerFile('thread-main'), {
    env: workerEnv(),
    execArgv: EXEC_ARGV,
    stdout: true,
    stderr: true,
  });
  thread.stdout.resume();
  const mailbox = new Mailbox();
  const stderr = keepTail(thread.stderr);
  let kernelId: number | undefined;
  thread.on('message', (reply: Reply) => {
    if (reply.type === 'loaded') kernelId = reply.threadId;
    mailbox.deliver(reply);
  });
  thread.on('error', (error) => mailbox.fail(`worker thread died: ${error.message}`));
  thread.on('exit', (code) => mailbox.fail(`worker thread exited with ${code}${stderr()}`));
  return mailbox.worker({
    pid: undefined,
    use: () => (kernelId === undefined ? undefined : threadUse(kernelId)),
    stack: () => threadStackOf(thread, kernelId, STACK_MS),
    post: (request) => thread.postMessage(request),
    kill: async () => {
      await thread.terminate();
    },
  });
}

function startProcess(launch: readonly LaunchPrefix[]): Worker {
  const main = fileURLToPath(workerFile('process-main'));
  const node = [...EXEC_ARGV, ...INSPECTOR_ARGV, main];
  const { command, args, env } = prefixed(launch, process.execPath, node);
  const child = spawn(command, args, {
    env: { ...workerEnv(), ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const mailbox = new Mailbox();
  const stderr = keepTail(child.stderr);
  child.on('message', (reply: Reply) => mailbox.deliver(reply));
  child.on('error', (error) => mailbox.fail(`worker process ${child.pid}: ${error.message}`));
  // Not 'exit': what it has sent before comes first.
  child.on('close', (code, signal) => {
    const end = signal ? `was killed by ${signal}` : `exited with ${code}`;
    mailbox.fail(`worker process ${child.pid} ${end}${stderr()}`);
  });
  return mailbox.worker({
    pid: child.pid,
    use: () => (child.pid === undefined ? undefined : processUse(child.pid)),
    stack: () => stackOf(child, STACK_MS),
    post: (request) => child.send(request, () => undefined),
    kill: () => killChild(child),
  });
}

async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** Extra certificates cost a Node 70 ms at start, and a test runner's context makes it report tests. */
function workerEnv(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env;
  const directory = getCompileCacheDir();
  // What was switched on by a call, children and threads do not have by themselves.
  return directory === undefined ? env : { ...env, NODE_COMPILE_CACHE: dirname(directory) };
}

function keepTail(stream: NodeJS.ReadableStream | null): () => string {
  let tail = '';
  stream?.on('data', (chunk: Buffer) => {
    tail = `${tail}${chunk.toString()}`.slice(-STDERR_BYTES);
  });
  return () => (tail === '' ? '' : `: ${tail.trim()}`);
}

/** The way to a worker. */
interface Channel {
  readonly pid: number | undefined;
  use(): Use | undefined;
  stack(): Promise<Stack | undefined>;
  post(request: Request): void;
  kill(): Promise<void>;
}

/** Replies of a worker, in order, for those who wait and those who come later. */
class Mailbox {
  readonly #replies: Reply[] = [];
  readonly #waiting: PromiseWithResolvers<Reply>[] = [];
  #death: HoldfastError | undefined;

  deliver(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (waiting) settle(waiting, reply);
    else this.#replies.push(reply);
  }

  fail(reason: string): void {
    this.#death ??= new HoldfastError('WORKER_FAILED', reason);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#death);
  }

  next(): Promise<Reply> {
    const waiting = Promise.withResolvers<Reply>();
    const reply = this.#replies.shift();
    if (reply) settle(waiting, reply);
    else if (this.#death) waiting.reject(this.#death);
    else this.#waiting.push(waiting);
    return waiting.promise;
  }

  worker(channel: Channel): Worker {
    const isDead = () => this.#death !== undefined;
    return {
      pid: channel.pid,
      use: channel.use,
      stack: channel.stack,
      tell: (request) => {
        if (!isDead()) channel.post(request);
      },
      get isAlive() {
        return !isDead();
      },
      ask: (request) => {
        if (!isDead()) channel.post(request);
        return this.next();
      },
      next: () => this.next(),
      kill: async () => {
        this.fail('worker was stopped');
        await channel.kill();
      },
    };
  }
}

function settle(waiting: PromiseWithResolvers<Reply>, reply: Reply): void {
  if (reply.type === 'failed') waiting.reject(new HoldfastError('WORKER_FAILED', reply.error));
  else waiting.resolve(reply);
}
