import { constants } from 'node:fs';
import {
  type Arguments,
  dataArgument,
  encodingOption,
  modeArgument,
  optionsArgument,
  pathArgument,
  vectorArguments,
  writeArguments,
} from './call-arguments.ts';
import { fsError } from './fs-error.ts';
import { type MemoryFs, STEP_BYTES } from './memory-fs.ts';
import { unlink } from './namespace.ts';
import { openFlags } from './open-flags.ts';

// Calls that are several system calls. Each `yield` is a point at which other processes may act;
// there is none where it could make no difference: between opening a file and asking for its size,
// or before a close.

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL } = constants;
const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/** A file, or what is open already: its descriptor or its handle. */
function descriptorOf(target: unknown): number | undefined {
  if (typeof target === 'number') return target;
  const fd =
    typeof target === 'object' && target !== null && 'fd' in target ? target.fd : undefined;
  return typeof fd === 'number' ? fd : undefined;
}

/** open, read for each 64 KiB. */
export function* readFile(fs: MemoryFs, [target, options]: Arguments): Generator<void, unknown> {
  const encoding = encodingOption(options);
  const open = descriptorOf(target);
  const flags = openFlags(optionsArgument(options).flag ?? 'r');
  const fd = open ?? fs.open(pathArgument(target), flags, 0o666);
  try {
    const bytes = yield* readToEnd(fs, fd);
    return encoding === undefined ? bytes : bytes.toString(encoding);
  } finally {
    if (open === undefined && fs.isAlive) fs.close(fd);
  }
}

/** As Node does: no more than the size that it was told first, unless that was zero. */
function* readToEnd(fs: MemoryFs, fd: number): Generator<void, Buffer> {
  const inode = fs.inode(fd, 'fstat');
  const size = inode.isFile ? inode.size : 0;
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    yield;
    const part = Buffer.allocUnsafe(size === 0 ? STEP_BYTES : Math.min(size - total, STEP_BYTES));
    const count = fs.read(fd, part, null);
    total += count;
    parts.push(part.subarray(0, count));
    const isShort = size !== 0 && count < part.byteLength;
    if (count === 0 || total === size || isShort) break;
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
}

/** open, which empties the file or makes it; write for each 64 KiB. */
export function* writeFile(
  fs: MemoryFs,
  [target, data, options]: Arguments,
  flag = 'w',
): Generator<void, undefined> {
  const settings = optionsArgument(options);
  const bytes = dataArgument(data, settings.encoding);
  const open = descriptorOf(target);
  const mode = modeArgument(settings.mode, 0o666);
  const fd = open ?? fs.open(pathArgument(target), openFlags(settings.flag ?? flag), mode);
  try {
    if (open === undefined) yield;
    for (let done = 0; done < bytes.byteLength; ) {
      done += yield* fs.writeInSteps(fd, bytes.subarray(done), null);
      if (done < bytes.byteLength) yield;
    }
    if (settings.flush === true) {
      yield;
      fs.sync(fd, 'fsync');
    }
  } finally {
    if (open === undefined && fs.isAlive) fs.close(fd);
  }
}

export function appendFile(fs: MemoryFs, args: Arguments): Generator<void, undefined> {
  return writeFile(fs, args, 'a');
}

export function* write(fs: MemoryFs, [fd, ...args]: Arguments): Generator<void, unknown> {
  const { bytes, buffer, position } = writeArguments(args);
  return { bytesWritten: yield* fs.writeInSteps(Number(fd), bytes, position), buffer };
}

export function* writev(fs: MemoryFs, [fd, ...args]: Arguments): Generator<void, unknown> {
  const { views, position } = vectorArguments(args);
  const bytes = views.length === 1 ? (views[0] as Uint8Array) : Buffer.concat(views);
  return {
    bytesWritten: yield* fs.writeInSteps(Number(fd), bytes, position),
    buffers: args[0],
  };
}

/** open, ftruncate. */
export function* truncate(fs: MemoryFs, [target, size]: Arguments): Generator<void, undefined> {
  const fd = fs.open(pathArgument(target), O_RDWR, 0o666);
  try {
    yield;
    fs.ftruncate(fd, modeArgument(size, 0));
  } finally {
    if (fs.isAlive) fs.close(fd);
  }
}

/** open of both, which empties or makes the copy; then read and write of each 64 KiB. */
export function* copyFile(
  fs: MemoryFs,
  [source, target, flags]: Arguments,
): Generator<void, undefined> {
  const from = pathArgument(source, 'src');
  const to = pathArgument(target, 'dest');
  const mode = modeArgument(flags, 0);
  const open: number[] = [];
  try {
    if ((mode & COPYFILE_FICLONE_FORCE) !== 0) throw fsError('ENOTSUP', 'copyfile');
    const input = fs.open(from, O_RDONLY, 0);
    open.push(input);
    const inode = fs.inode(input, 'fstat');
    const exclusive = (mode & COPYFILE_EXCL) !== 0 ? O_EXCL : 0;
    const output = fs.open(to, O_WRONLY | O_CREAT | exclusive, inode.mode);
    open.push(output);
    if (fs.inode(output, 'fstat').ino === inode.ino) return;
    fs.ftruncate(output, 0);
    fs.change(output, 'fchmod', { mode: inode.mode });
    const part = Buffer.allocUnsafe(STEP_BYTES);
    for (;;) {
      yield;
      const count = fs.read(input, part, null);
      if (count === 0) return;
      fs.write(output, part.subarray(0, count), null);
      if (count < STEP_BYTES) return;
    }
  } catch (error) {
    // libuv removes what it has not finished, even if it was there before.
    if (open.length > 1) unlink(fs.disk, to);
    throw asCopyError(error, from, to);
  } finally {
    if (fs.isAlive) for (const fd of open) fs.close(fd);
  }
}

/** libuv tells of both paths whatever failed. */
function asCopyError(error: unknown, from: string, to: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? fsError(code as 'EIO', 'copyfile', from, to) : error;
}
