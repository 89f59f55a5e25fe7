import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What a git repository says about the work that is done in it. Names as found, not validated. */
export interface GitFacts {
  /** Name of the repository, the same in all of its worktrees. */
  readonly project: string | undefined;
  /** Directory name of a linked worktree, else the branch. */
  readonly task: string | undefined;
  /** The branch that is checked out, also in a linked worktree; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Directory that stands for the repository in all of its worktrees; a bare one's own. */
  readonly mainWorktree: string;
}

/** No file that we read is longer in a repository that git made. */
const FILE_LIMIT_BYTES = 4096;

/** What HEAD names in a repository that keeps its refs in a reftable (git-init(1)). */
const REFTABLE_STUB = '.invalid';

/**
 * The repository that `cwd` lies in, undefined outside of one. Reads four small files and runs no
 * git (gitrepository-layout(5)), so that hostile configuration stays without effect. `GIT_DIR` is
 * not looked at: git sets it for hooks, whose working directory may be in another repository.
 */
export async function gitFacts(cwd: string): Promise<GitFacts | undefined> {
  const found = discover(cwd);
  if (!found) return undefined;
  const { gitDir, workTree } = found;
  const pointer = firstLine(join(gitDir, 'commondir'));
  const commonDir = pointer ? resolve(gitDir, pointer) : gitDir;
  const branch = branchOf(gitDir);
  const isLinked = pointer !== undefined && workTree !== undefined;
  const ownTree = isLinked ? undefined : workTree;
  return {
    project: nameOf(commonDir),
    task: isLinked ? basename(workTree) || undefined : branch,
    branch,
    mainWorktree: basename(commonDir) === '.git' ? dirname(commonDir) : (ownTree ?? commonDir),
  };
}

interface Repository {
  readonly gitDir: string;
  /** Undefined in a bare repository. */
  readonly workTree: string | undefined;
}

/** Looks in `cwd` and upwards. */
function discover(cwd: string): Repository | undefined {
  let directory = realDirectory(cwd);
  while (directory !== undefined) {
    const dotGit = join(directory, '.git');
    if (isGitDir(dotGit)) return { gitDir: dotGit, workTree: directory };
    // In a linked worktree and in a submodule it is a file.
    const pointer = /^gitdir: (.+)$/.exec(firstLine(dotGit) ?? '')?.[1];
    if (pointer !== undefined) {
      const gitDir = resolve(directory, pointer);
      return isGitDir(gitDir) ? { gitDir, workTree: directory } : undefined;
    }
    if (isGitDir(directory)) return { gitDir: directory, workTree: undefined };
    const parent = dirname(directory);
    directory = parent === directory ? undefined : parent;
  }
  return undefined;
}

function isGitDir(path: string): boolean {
  if (firstLine(join(path, 'HEAD')) === undefined) return false;
  if (firstLine(join(path, 'commondir')) !== undefined) return true;
  return isDirectory(join(path, 'objects')) && isDirectory(join(path, 'refs'));
}

function nameOf(commonDir: string): string | undefined {
  const name = basename(commonDir);
  const owner = name === '.git' ? basename(dirname(commonDir)) : name.replace(/\.git$/, '');
  return owner || undefined;
}

function branchOf(gitDir: string): string | undefined {
  const branch = /^ref: refs\/heads\/(.+)$/.exec(firstLine(join(gitDir, 'HEAD')) ?? '')?.[1];
  return branch === REFTABLE_STUB ? undefined : branch;
}

/** The first line of a small plain file without the space at its end; undefined if there is none. */
function firstLine(file: string): string | undefined {
  try {
    // Opening a pipe would otherwise wait for somebody to write.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size > FILE_LIMIT_BYTES) return undefined;
      const bytes = Buffer.alloc(FILE_LIMIT_BYTES);
      const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, FILE_LIMIT_BYTES, 0));
      return text.split('\n', 1)[0]?.trimEnd() || undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function realDirectory(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
