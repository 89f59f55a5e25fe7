import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { implicitPath } from '../path.ts';
import { isFile } from './file.ts';

/** The names of a project's shared and private file. Where ours are absent, trop's count. */
const names = [
  { shared: 'holdfast.yaml', local: 'holdfast.local.yaml' },
  { shared: 'trop.yaml', local: 'trop.local.yaml' },
];

/** The configuration files of one project; at least one of them is there. */
export interface ProjectFiles {
  readonly directory: string;
  readonly shared: string | undefined;
  /** What one developer keeps to himself; it overrides the shared file. */
  readonly local: string | undefined;
}

/** The files of the nearest directory, from `cwd` upwards with its links followed, that has any. */
export function discoverProject(cwd: string): ProjectFiles | undefined {
  for (let directory = implicitPath(cwd); ; directory = dirname(directory)) {
    const found = projectIn(directory);
    if (found || directory === dirname(directory)) return found;
  }
}

function projectIn(directory: string): ProjectFiles | undefined {
  for (const pair of names) {
    const shared = fileIn(directory, pair.shared);
    const local = fileIn(directory, pair.local);
    if (shared !== undefined || local !== undefined) return { directory, shared, local };
  }
  return undefined;
}

function fileIn(directory: string, name: string): string | undefined {
  const file = join(directory, name);
  return isFile(file) ? file : undefined;
}

/**
 * The files that a named file stands for: one with a project file's name brings its sibling, any
 * other stands alone.
 * @throws CONFIG_NOT_FOUND
 */
export function explicitProject(path: string, cwd: string): ProjectFiles {
  const file = explicitFile(path, cwd);
  const named = dirname(file);
  const directory = realpathSync.native(named);
  const name = basename(file);
  const pair = names.find(({ shared, local }) => shared === name || local === name);
  if (pair === undefined) return { directory, shared: file, local: undefined };
  return { directory, shared: fileIn(named, pair.shared), local: fileIn(named, pair.local) };
}

/**
 * The absolute path of a configuration file that was named.
 * @throws CONFIG_NOT_FOUND when it is not there, or not a file
 */
export function explicitFile(path: string, cwd: string): string {
  const file = resolve(cwd, path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new HoldfastError('CONFIG_NOT_FOUND', `Configuration file not found: ${file}`);
  }
  if (!found.isFile()) {
    throw new HoldfastError('CONFIG_NOT_FOUND', `Configuration path is not a file: ${file}`);
  }
  return file;
}
