import { constants as fsConstants } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import {
  type Arguments,
  modeArgument,
  optionsArgument,
  pathArgument,
  textAnswer,
} from './call-arguments.ts';
import { copyFile } from './file-programs.ts';
import { runToEnd } from './fs-call.ts';
import { type Errno, fsError } from './fs-error.ts';
import type { MemoryFs } from './memory-fs.ts';
import { find, isWithin, readdir as list, readlink, rmdir, symlink, unlink } from './namespace.ts';
import { direntOf } from './stats.ts';

// Calls on several names. Each `yield` is a point at which other processes may act.

/** With `recursive`, a step for each directory that is tried, from the last to the first missing. */
export function* mkdir(fs: MemoryFs, [target, options]: Arguments): Generator<void, unknown> {
  const path = pathArgument(target);
  const { recursive, mode } = optionsArgument(options);
  const bits = modeArgument(typeof options === 'object' ? mode : options, 0o777);
  if (recursive !== true) return fs.mkdir(path, bits);
  const pending = [path];
  let first: string | undefined;
  for (;;) {
    const next = pending.pop() as string;
    const code = codeOf(() => fs.mkdir(next, bits));
    if (code === undefined) first ??= next;
    else if (code === 'ENOENT' && dirname(next) !== next) pending.push(next, dirname(next));
    else if (code === 'EEXIST') mustBeDirectory(fs, next, path, pending.length > 0);
    else throw fsError(code, 'mkdir', path);
    if (pending.length === 0) return first;
    yield;
  }
}

function mustBeDirectory(fs: MemoryFs, path: string, asked: string, isParent: boolean): void {
  const inode = find(fs.disk, path, 'always');
  if (typeof inode === 'string') throw fsError(inode, 'mkdir', asked);
  if (!inode.isDirectory) throw fsError(isParent ? 'ENOTDIR' : 'EEXIST', 'mkdir', asked);
}

/** With `recursive`, a step for each directory. */
export function* readdir(fs: MemoryFs, [target, options]: Arguments): Generator<void, unknown> {
  const path = pathArgument(target);
  const { recursive, withFileTypes } = optionsArgument(options);
  const answer: unknown[] = [];
  const pending = [path];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at !== path) yield;
    for (const [name, inode] of list(fs.disk, at)) {
      if (withFileTypes === true) answer.push(direntOf(name, inode, at));
      else answer.push(textAnswer(relative(path, join(at, name)), options));
      if (recursive === true && inode.isDirectory) pending.push(join(at, name));
    }
  }
  return answer;
}

/** A look at the path, then a step for each file and each try to remove a directory. */
export function* rm(fs: MemoryFs, [target, options]: Arguments): Generator<void, undefined> {
  const path = pathArgument(target);
  const { force, recursive } = optionsArgument(options);
  const inode = find(fs.disk, path, 'slash');
  if (inode === 'ENOENT' && force === true) return;
  if (typeof inode === 'string') throw fsError(inode, 'lstat', path);
  if (inode.isDirectory && recursive !== true) {
    throw systemError(
      'ERR_FS_EISDIR',
      'rm',
      'EISDIR',
      path,
      'Path is a directory',
      'is a directory',
    );
  }
  yield;
  yield* removeTree(fs, path);
}

/** `rmSync`, which counts as removed what is below a file, when it is to force its way. */
export function rmSync(fs: MemoryFs, args: Arguments): void {
  const { force, recursive } = optionsArgument(args[1]);
  const isForced = force === true && recursive === true;
  if (isForced && find(fs.disk, pathArgument(args[0]), 'slash') === 'ENOTDIR') return;
  runToEnd(rm(fs, args));
}

function* removeTree(fs: MemoryFs, path: string): Generator<void, undefined> {
  const inode = find(fs.disk, path, 'slash');
  // Someone else has removed it: that is what was wanted.
  if (inode === 'ENOENT') return;
  if (typeof inode === 'string') throw fsError(inode, 'lstat', path);
  if (!inode.isDirectory) {
    unlink(fs.disk, path);
    return;
  }
  if (inode.entries.size > 0) {
    for (const [name] of list(fs.disk, path)) {
      yield;
      yield* removeTree(fs, join(path, name));
    }
    yield;
  }
  const code = codeOf(() => rmdir(fs.disk, path));
  if (code !== undefined && code !== 'ENOENT') throw fsError(code, 'rmdir', path);
}

interface CopyOptions {
  readonly recursive: boolean;
  readonly force: boolean;
  readonly errorOnExist: boolean;
  readonly verbatimSymlinks: boolean;
  readonly dereference: boolean;
  readonly filter: ((from: string, to: string) => unknown) | undefined;
}

/** Files, directories and links, one after the other; an asynchronous `filter` is not simulated. */
export function* cp(
  fs: MemoryFs,
  [source, target, options]: Arguments,
): Generator<void, undefined> {
  const from = pathArgument(source, 'src');
  const to = pathArgument(target, 'dest');
  const given = optionsArgument(options);
  const settings: CopyOptions = {
    recursive: given.recursive === true,
    force: given.force !== false,
    errorOnExist: given.errorOnExist === true,
    verbatimSymlinks: given.verbatimSymlinks === true,
    dereference: given.dereference === true,
    filter:
      typeof given.filter === 'function' ? (given.filter as CopyOptions['filter']) : undefined,
  };
  yield* mkdir(fs, [dirname(to), { recursive: true }]);
  yield* copyTree(fs, from, to, settings);
}

function* copyTree(
  fs: MemoryFs,
  from: string,
  to: string,
  options: CopyOptions,
): Generator<void, undefined> {
  const isWanted = options.filter?.(from, to) ?? true;
  if (isWanted instanceof Promise) throw fsError('ENOSYS', 'cp', from, to);
  if (isWanted !== true) return;
  const inode = find(fs.disk, from, options.dereference ? 'always' : 'slash');
  if (typeof inode === 'string') throw fsError(inode, 'lstat', from);
  const old = find(fs.disk, to, 'slash');
  const fail = (code: string, errno: Errno, what: string) =>
    systemError(code, 'cp', errno, to, 'Cannot copy', what);
  if (inode === old) throw fail('ERR_FS_CP_EINVAL', 'EINVAL', 'src and dest cannot be the same');
  const isThere = typeof old !== 'string';
  if (inode.isDirectory) {
    if (isThere && !old.isDirectory) {
      throw fail('ERR_FS_CP_DIR_TO_NON_DIR', 'EISDIR', 'dest is no directory');
    }
    if (!options.recursive) throw fail('ERR_FS_EISDIR', 'EISDIR', `${from} is a directory`);
    const parent = find(fs.disk, dirname(to), 'always');
    if (typeof parent !== 'string' && isWithin(fs.disk, parent, inode)) {
      throw fail('ERR_FS_CP_EINVAL', 'EINVAL', 'dest is inside src');
    }
    if (!isThere) fs.mkdir(to, inode.mode);
    for (const [name] of list(fs.disk, from)) {
      yield;
      yield* copyTree(fs, join(from, name), join(to, name), options);
    }
    return;
  }
  if (isThere && old.isDirectory) {
    throw fail('ERR_FS_CP_NON_DIR_TO_DIR', 'ENOTDIR', 'dest is a directory');
  }
  if (isThere && !options.force) {
    if (options.errorOnExist) throw fail('ERR_FS_CP_EEXIST', 'EEXIST', `${to} already exists`);
    return;
  }
  if (isThere) {
    unlink(fs.disk, to);
    yield;
  }
  if (inode.isSymlink) {
    const text = readlink(fs.disk, from);
    symlink(fs.disk, options.verbatimSymlinks ? text : resolve(dirname(from), text), to);
  } else yield* copyFile(fs, [from, to, fsConstants.COPYFILE_EXCL]);
}

/** The code of what is thrown, if it is a system error. */
function codeOf(call: () => unknown): Errno | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'errno' in error && 'code' in error) return error.code as Errno;
    throw error;
  }
}

/** An error that Node itself makes of several findings. */
function systemError(
  code: string,
  syscall: string,
  findingCode: Errno,
  path: string,
  what: string,
  detail: string,
): Error {
  const errno = constants.errno[findingCode];
  const info = { code: findingCode, message: detail, path, syscall, errno };
  const error = new Error(`${what}: ${syscall} returned ${findingCode} (${detail}) ${path}`);
  return Object.assign(error, { name: 'SystemError', code, info, errno, syscall, path });
}
