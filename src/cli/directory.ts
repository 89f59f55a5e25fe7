import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Call } from './command.ts';

/** The data directory of a call whose option `dir` may name one. */
export function directoryOf(
  { cwd, env }: Pick<Call, 'cwd' | 'env'>,
  dir: string | undefined,
): string {
  return resolve(cwd, dir ?? (env.HOLDFAST_DIR || join(env.HOME || homedir(), '.holdfast')));
}
