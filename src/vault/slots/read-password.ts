import { wrongArgument } from '../../errors.ts';
import { wipe, wipeableCopy } from '../hygiene/wipe.ts';
import { withoutNewline } from './newline.ts';
import { checkNewPassword, PASSWORD_BYTES_MAX } from './password.ts';
import { readDescriptor, readPrivateFile } from './private-file.ts';
import { SilentTerminal } from './silent-terminal.ts';

/** Where a password comes from: the first of these that is there, in this order. */
export interface PasswordSource {
  /** An open descriptor, read to its end and left open. */
  readonly fd?: number | undefined;
  /** A file that nobody but its owner may read, or a pipe. */
  readonly file?: string | undefined;
  /** Its HOLDFAST_VAULT_PASSWORD_FILE names such a file; the environment of this process by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Asked on the terminal, default 'Password: '. */
  readonly prompt?: string | undefined;
  /** Whether it is to be typed twice, for a new slot. */
  readonly isNew?: boolean | undefined;
  /** Ends the wait for what is typed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A password as bytes, the caller's to wipe; one newline at its end (LF or CR LF) is dropped. It
 * is never taken from an argument or from the environment itself, which others can see.
 * @throws CONFIG_INVALID when others may read the file, or there is no terminal to ask on;
 * FORMAT_INVALID beyond 1 MiB; IO_ERROR; RangeError for a new one that is empty, or typed in two
 * ways, and for two sources at once; AbortError when nothing is typed; the signal's reason
 */
export async function readPassword(source: PasswordSource = {}): Promise<Buffer> {
  const { fd, file, env = process.env, signal } = source;
  if (fd !== undefined && file !== undefined) {
    throw wrongArgument(
      'range',
      'a password comes from a file or from a descriptor, not from both',
    );
  }
  signal?.throwIfAborted();
  if (fd !== undefined) return await kept(source, readDescriptor(fd, options('the password')));
  const path = file ?? (env.HOLDFAST_VAULT_PASSWORD_FILE || undefined);
  if (path === undefined) return await typed(source);
  return await kept(source, readPrivateFile(path, options('the password file')));
}

/** The newline is not counted. */
function options(what: string): { readonly what: string; readonly maxBytes: number } {
  return { what, maxBytes: PASSWORD_BYTES_MAX + 2 };
}

async function kept({ isNew }: PasswordSource, reading: Promise<Buffer>): Promise<Buffer> {
  const content = await reading;
  try {
    const password = withoutNewline(content);
    if (isNew) checkNewPassword(password);
    return wipeableCopy(password);
  } finally {
    wipe(content);
  }
}

async function typed(source: PasswordSource): Promise<Buffer> {
  const { prompt = 'Password: ', isNew = false, signal } = source;
  using terminal = new SilentTerminal();
  const password = await terminal.ask(prompt, signal);
  let again: Buffer | undefined;
  let isGood = false;
  try {
    if (isNew) {
      checkNewPassword(password);
      again = await terminal.ask('The same again: ', signal);
      if (!again.equals(password)) throw wrongArgument('range', 'the two passwords differ');
    }
    isGood = true;
    return password;
  } finally {
    wipe(again);
    if (!isGood) wipe(password);
  }
}
