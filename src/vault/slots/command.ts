import { HoldfastError, wrongArgument } from '../../errors.ts';
import { clearReadBuffer } from '../hygiene/read-buffer.ts';
import { SecretBuilder } from '../hygiene/secret-builder.ts';
import { wipe } from '../hygiene/wipe.ts';
import { withoutNewline } from './newline.ts';

export interface UnlockCommandOptions {
  /** That of this process by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** Default 60,000: it may have to ask somebody. */
  readonly timeoutMs?: number | undefined;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 60_000;
/** How long a command that was told to end may take to set its terminal right. */
const GRACE_MS = 2000;
const OUTPUT_BYTES_MAX = 64 * 1024;
/** Nothing slows down whoever tries shorter ones in turn: a password is for a password slot. */
const SECRET_BYTES_MIN = 16;

/**
 * What a command prints, without one newline at its end; the caller's to wipe. It is run without a
 * shell and with nothing on its standard input; its standard error is ours, so that it can ask.
 * It is ended when it takes too long, and when it prints more than 64 KiB. The command is always
 * the caller's: nothing that is stored in a vault says what to run.
 * @throws IO_ERROR when it cannot be started, fails, or takes too long; FORMAT_INVALID when it
 * prints too much, or fewer than 16 bytes; the signal's reason, once it has ended. None tells what
 * was printed.
 */
export async function runUnlockCommand(
  argv: readonly string[],
  options: UnlockCommandOptions = {},
): Promise<Buffer> {
  const [command, ...args] = argv;
  if (!command) throw wrongArgument('range', 'an unlock command cannot be empty');
  options.signal?.throwIfAborted();
  const printed = new SecretBuilder();
  try {
    await run(command, args, options, printed).finally(() => clearReadBuffer(printed.sizeBytes));
    printed.truncate(withoutNewline(printed.view()).length);
    if (isCommandSecret(printed.view())) return printed.take();
    throw unfit(command, `fewer than ${SECRET_BYTES_MIN}`);
  } finally {
    printed.wipe();
  }
}

/** Whether such output may be used. */
export function isCommandSecret(secret: Uint8Array): boolean {
  return secret.length >= SECRET_BYTES_MIN && secret.length <= OUTPUT_BYTES_MAX;
}

/** Resolves when the command has ended well and all that it printed is collected. */
async function run(
  command: string,
  args: readonly string[],
  { env, cwd, timeoutMs = TIMEOUT_MS, signal }: UnlockCommandOptions,
  printed: SecretBuilder,
): Promise<void> {
  // Few vaults are opened so: others do not pay for the module.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = Promise.withResolvers<string | undefined>();
  child.once('error', ({ message }) => ended.reject(failure(command, `cannot start: ${message}`)));
  child.once('close', (code, name) => {
    ended.resolve(code === 0 ? undefined : `ended with ${name ?? `status ${code}`}`);
  });
  let stopped: { readonly reason: unknown; readonly timer: NodeJS.Timeout } | undefined;
  const stop = (reason: unknown) => {
    stopped ??= { reason, timer: setTimeout(() => child.kill('SIGKILL'), GRACE_MS) };
    // Whoever has inherited the pipe is not waited for.
    child.stdout.destroy();
    child.kill('SIGTERM');
  };
  const abort = () => stop(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const late = failure(command, `has not ended within ${timeoutMs} ms`);
  const timer = setTimeout(() => stop(late), timeoutMs);
  child.stdout.on('data', (chunk: Buffer) => {
    printed.append(chunk);
    wipe(chunk);
    if (printed.sizeBytes > OUTPUT_BYTES_MAX) stop(unfit(command, `more than ${OUTPUT_BYTES_MAX}`));
  });
  try {
    const fault = await ended.promise;
    if (stopped) throw stopped.reason;
    if (fault !== undefined) throw failure(command, fault);
  } finally {
    clearTimeout(timer);
    clearTimeout(stopped?.timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Arguments are not told: some programs take secrets there. */
function failure(command: string, what: string): HoldfastError {
  return new HoldfastError('IO_ERROR', `the unlock command ${JSON.stringify(command)} ${what}`);
}

function unfit(command: string, sizeBytes: string): HoldfastError {
  return new HoldfastError(
    'FORMAT_INVALID',
    `the unlock command ${JSON.stringify(command)} printed ${sizeBytes} bytes`,
  );
}
