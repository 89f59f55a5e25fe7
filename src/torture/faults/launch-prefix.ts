import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A command that starts another one in its own place: the process that was started is in the end the
 * other command, with its process id, its descriptors and its exit status.
 */
export interface LaunchPrefix {
  readonly command: string;
  /** What stands before the other command. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Why something cannot be had on this machine. */
export interface Skipped {
  readonly skipped: string;
}

/** A command line behind prefixes, of which the first is the outermost. */
export function prefixed(
  prefixes: readonly LaunchPrefix[],
  command: string,
  args: readonly string[] = [],
): Required<LaunchPrefix> {
  const plain = { command, args: [...args], env: {} };
  return prefixes.reduceRight<Required<LaunchPrefix>>(
    (inner, prefix) => ({
      command: prefix.command,
      args: [...prefix.args, inner.command, ...inner.args],
      env: { ...prefix.env, ...inner.env },
    }),
    plain,
  );
}

/** Whether a command of that name is on the PATH. */
export function isInstalled(command: string): boolean {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((one) => one !== '');
  return directories.some((directory) => isExecutable(join(directory, command)));
}

function isExecutable(path: string): boolean {
  // A PATH may name directories that are not there, or that we may not look into.
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
