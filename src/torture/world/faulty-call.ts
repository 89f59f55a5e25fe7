import fs, { constants } from 'node:fs';
import {
  type Arguments,
  dataArgument,
  optionsArgument,
  vectorArguments,
  writeArguments,
} from './call-arguments.ts';
import { type Errno, fsError } from './fs-error.ts';
import { type FsFault, type Need, partOf } from './fs-faults.ts';

// As they are before anyone hooks them.
const { existsSync, fstatSync, statSync } = fs;

const needs: Readonly<Record<string, readonly Need[]>> = {
  appendFile: ['data', 'space'],
  copyFile: ['descriptor', 'data', 'space'],
  cp: ['descriptor', 'data', 'space'],
  fdatasync: ['data'],
  fsync: ['data'],
  link: ['space'],
  mkdtemp: ['space'],
  opendir: ['descriptor'],
  read: ['data'],
  readFile: ['data'],
  readdir: ['descriptor'],
  readv: ['data'],
  symlink: ['space'],
  write: ['data', 'space'],
  writeFile: ['data', 'space'],
  writev: ['data', 'space'],
};

const opensPaths = new Set(['appendFile', 'readFile', 'writeFile']);

/** What a call on the real file system needs; `path` is undefined for one on a descriptor. */
export function needsOf(name: string, args: Arguments, path: string | undefined): readonly Need[] {
  switch (name) {
    case 'open':
      return mayCreate(args[1]) && !existsSync(args[0] as string)
        ? ['descriptor', 'space']
        : ['descriptor'];
    case 'mkdir':
      return existsSync(args[0] as string) ? [] : ['space'];
    case 'truncate':
      return growsTo(args[1], statSync(args[0] as string, { throwIfNoEntry: false }))
        ? ['descriptor', 'space']
        : ['descriptor'];
    case 'ftruncate':
      return growsTo(args[1], fstatSync(descriptorOf(args[0]))) ? ['space'] : [];
    default: {
      const known = needs[name] ?? [];
      return opensPaths.has(name) && path !== undefined ? ['descriptor', ...known] : known;
    }
  }
}

/** The arguments with as much data as the fault lets through; undefined when nothing is done. */
export function faultyArguments(
  name: string,
  args: Arguments,
  fault: FsFault,
): Arguments | undefined {
  if (fault.share === 0) return undefined;
  const [target, data, third] = args;
  switch (name) {
    case 'writeFile':
    case 'appendFile': {
      if (typeof data !== 'string' && !ArrayBuffer.isView(data)) return undefined;
      return [target, partOf(dataArgument(data, optionsArgument(third).encoding), fault), third];
    }
    case 'write': {
      const { bytes, position } = writeArguments(args.slice(1));
      const part = partOf(bytes, fault);
      return [target, part, 0, part.byteLength, position];
    }
    case 'writev': {
      const { views, position } = vectorArguments(args.slice(1));
      return [target, [partOf(Buffer.concat(views), fault)], position];
    }
    default:
      return undefined;
  }
}

/** System calls that Node's functions fail in, where the names differ. */
const syscalls: Readonly<Record<string, string>> = {
  appendFile: 'write',
  copyFile: 'copyfile',
  readFile: 'read',
  readdir: 'scandir',
  readv: 'read',
  writeFile: 'write',
  writev: 'write',
};

const withoutPath = new Set(['fdatasync', 'fsync', 'ftruncate', 'read', 'write']);

/** The error that the system gives a call which meets a fault. */
export function faultError(name: string, code: Errno, files: readonly unknown[]): Error {
  const isOpening = code === 'EMFILE' && opensPaths.has(name);
  const syscall = isOpening ? 'open' : (syscalls[name] ?? name);
  if (withoutPath.has(syscall)) return fsError(code, syscall);
  return fsError(code, syscall, ...files.map(String));
}

function mayCreate(flags: unknown): boolean {
  return typeof flags === 'number' ? (flags & constants.O_CREAT) !== 0 : /[wa]/.test(String(flags));
}

function growsTo(size: unknown, stats: fs.Stats | undefined): boolean {
  return stats !== undefined && typeof size === 'number' && size > stats.size;
}

function descriptorOf(file: unknown): number {
  return typeof file === 'number' ? file : (file as { readonly fd: number }).fd;
}
