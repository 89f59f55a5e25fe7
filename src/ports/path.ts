import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { HoldfastError } from '../errors.ts';
import { quoted } from './wording.ts';

export interface PathContext {
  /** What a relative path is relative to; the working directory by default. */
  readonly cwd?: string | undefined;
  /** What `~` stands for; the user's home by default. */
  readonly home?: string | undefined;
}

// A doubled slash, a `.` or `..` part, a slash at the end, or NUL.
const ABNORMAL = /\/(?:\/|\.\.?(?:\/|$))|.\/$|\0/s;

/** Whether `text` is already what `normalizePath` would make of it. */
export function isNormalPath(text: string): boolean {
  return text.charCodeAt(0) === SLASH && !ABNORMAL.test(text) && text.isWellFormed();
}

const SLASH = 47;

/**
 * The absolute, lexically folded form of a path that a user gave: `~` expanded, `.` and `..`
 * folded, no slash at the end. Symbolic links are not followed and nothing need exist.
 * @throws PATH_INVALID for an empty path, `~user`, NUL, and `..` above the root
 */
export function normalizePath(text: string, context: PathContext = {}): string {
  if (isNormalPath(text)) return text;
  if (text === '') throw invalid(text, 'it is empty');
  if (text.includes('\0')) throw invalid(text, 'it contains NUL');
  if (!text.isWellFormed()) throw invalid(text, 'it is not well-formed Unicode');
  return fold(text, absolute(text, context));
}

function absolute(text: string, context: PathContext): string {
  if (text.startsWith('/')) return text;
  if (!text.startsWith('~')) return `${context.cwd ?? process.cwd()}/${text}`;
  if (text !== '~' && !text.startsWith('~/')) {
    throw invalid(text, 'another user’s home directory cannot be named');
  }
  return `${context.home ?? homedir()}${text.slice(1)}`;
}

function fold(text: string, path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw invalid(text, 'it leads above the root');
  }
  return `/${parts.join('/')}`;
}

function invalid(text: string, reason: string): HoldfastError {
  return new HoldfastError('PATH_INVALID', `invalid path: ${quoted(text)}: ${reason}`);
}

/**
 * The path that stands for “here” when none is given: the working directory with every symbolic
 * link followed.
 * @throws PATH_INVALID when it cannot be followed
 */
export function implicitPath(cwd: string = process.cwd()): string {
  try {
    return realpathSync.native(cwd);
  } catch (cause) {
    throw new HoldfastError('PATH_INVALID', `invalid path: cannot canonicalize ${quoted(cwd)}`, {
      cause,
    });
  }
}

/** `path` with the links of its existing part followed; the part that does not exist stays as is. */
export function canonicalPath(path: string): string {
  let existing = path;
  let rest = '';
  for (;;) {
    const found = followed(existing);
    if (found !== undefined) return rest === '' ? found : `${found === '/' ? '' : found}${rest}`;
    if (existing === '/') return path;
    const cut = existing.lastIndexOf('/');
    rest = existing.slice(cut) + rest;
    existing = cut === 0 ? '/' : existing.slice(0, cut);
  }
}

function followed(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    // Whatever the reason, this part cannot be followed: the caller goes on with its parent.
    return undefined;
  }
}

/** Whether `path` is `ancestor` or lies below it, part by part. */
export function isWithin(ancestor: string, path: string): boolean {
  if (!path.startsWith(ancestor)) return false;
  return (
    path.length === ancestor.length ||
    ancestor === '/' ||
    path.charCodeAt(ancestor.length) === SLASH
  );
}

/**
 * Refuses a target that is neither the directory itself nor above nor below it, first by the text
 * of both, then with the links of both followed.
 * @throws PATH_UNRELATED
 */
export function assertRelated(target: string, directory: string): void {
  if (related(target, directory)) return;
  if (related(canonicalPath(target), canonicalPath(directory))) return;
  throw new HoldfastError(
    'PATH_UNRELATED',
    `path relationship violation: ${target} and ${directory} are unrelated paths`,
  );
}

function related(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** The first and the first text past all paths below `path`, for a range of an index. */
export function descendantBounds(path: string): readonly [first: string, past: string] {
  // '0' follows '/' in the order of bytes.
  return path === '/' ? ['/', '0'] : [`${path}/`, `${path}0`];
}
