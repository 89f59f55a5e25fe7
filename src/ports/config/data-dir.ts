import { homedir } from 'node:os';
import { join } from 'node:path';
import { normalizePath, type PathContext } from '../path.ts';
import type { Environment } from './environment.ts';

/**
 * The directory of the ports store: what was given, else `$HOLDFAST_DIR`, else `$TROP_DATA_DIR`,
 * else `~/.holdfast`. An empty variable counts as unset.
 * @throws PATH_INVALID
 */
export function resolveDataDir(
  given: string | undefined,
  env: Environment,
  context: PathContext = {},
): string {
  const text = given ?? (env.HOLDFAST_DIR || env.TROP_DATA_DIR);
  return text === undefined || (text === '' && given === undefined)
    ? join(context.home ?? homedir(), '.holdfast')
    : normalizePath(text, context);
}
