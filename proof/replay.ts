import { constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Disk, type EffectLog } from '../src/torture/world/disk.ts';
import { MemoryFs } from '../src/torture/world/memory-fs.ts';
import { find, link, mkdir, rename, unlink } from '../src/torture/world/namespace.ts';
import { pathsOf } from '../src/torture/world/tree.ts';
import type { SystemCall } from './system-calls.ts';

/** What a process did to the disk below some directory. */
export interface Recording {
  readonly log: EffectLog;
  /** Lines of its journal, and how many effects there had been when each was written. */
  readonly lines: readonly { readonly text: string; readonly at: number }[];
}

export interface RecordedPlaces {
  readonly root: string;
  /** Below the root, and there when the process began. Like the root they are safe. */
  readonly directories: readonly string[];
  readonly journal: string;
  /** Whether a path below the root is of no interest. */
  readonly isIgnored: (path: string) => boolean;
}

/** Does again, on a simulated disk, what a process did. */
export function replay(calls: readonly SystemCall[], places: RecordedPlaces): Recording {
  const disk = new Disk({ now: () => 0 });
  let above = '';
  for (const name of places.root.split('/').filter(Boolean)) {
    above += `/${name}`;
    mkdir(disk, above, 0o700);
  }
  for (const directory of places.directories) mkdir(disk, directory, 0o700);
  const log = disk.record();
  const process = new Replay(disk);
  const lines: { text: string; at: number }[] = [];
  const isMeant = (path: string) =>
    path.startsWith(`${places.root}/`) && path !== places.journal && !places.isIgnored(path);
  for (const call of calls) {
    if (call.path === places.journal && call.name === 'write') {
      lines.push({ text: call.data.toString(), at: log.effects.length });
    } else if (isMeant(pathOf(call))) process.repeat(call);
  }
  requireSame(disk, places);
  return { log, lines };
}

/** What was done again must have come to the same files. */
function requireSame(disk: Disk, { root, journal, isIgnored }: RecordedPlaces): void {
  const isMeant = (path: string) => path !== journal && !isIgnored(path);
  const simulated = new Map(
    [...pathsOf(disk)].filter(([path, { isFile }]) => isFile && isMeant(path)),
  );
  const real = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter(isMeant);
  for (const path of new Set([...real, ...simulated.keys()])) {
    const inode = simulated.get(path);
    if (inode && real.includes(path) && readFileSync(path).equals(inode.slice(0, inode.size))) {
      continue;
    }
    throw new Error(`the recording is not what was done to ${path}`);
  }
}

/** The path that a call is about: for calls by descriptor that of the descriptor. */
function pathOf(call: SystemCall): string {
  return call.path.startsWith('/') ? call.path : (call.args.find((arg) => arg[0] === '/') ?? '');
}

class Replay {
  readonly #fs: MemoryFs;
  /** Where the next `write` to a file goes. */
  readonly #positions = new Map<string, number>();

  constructor(disk: Disk) {
    this.#fs = new MemoryFs(disk);
  }

  repeat(call: SystemCall): void {
    const { name, args } = call;
    const { disk } = this.#fs;
    const paths = args.filter((arg) => arg.startsWith('/'));
    const [path = '', to = ''] = paths;
    if (name.startsWith('open')) this.#open(call, path);
    else if (name === 'pwrite64') this.#write(call, Number(args.at(-1)));
    else if (name === 'write') this.#append(call);
    else if (name === 'fsync' || name === 'fdatasync') {
      this.#with(call.path, constants.O_RDONLY, (fd) => this.#fs.sync(fd, name));
    } else if (name === 'ftruncate') {
      this.#with(call.path, constants.O_RDWR, (fd) => this.#fs.ftruncate(fd, Number(args.at(-1))));
    } else if (name.startsWith('mkdir')) mkdir(disk, path, 0o700);
    else if (name.startsWith('link')) link(disk, path, to);
    else if (name.startsWith('unlink')) unlink(disk, path);
    else if (name.startsWith('rename')) rename(disk, path, to);
    else throw new Error(`a call that is not repeated: ${name}`);
  }

  #open({ args }: SystemCall, path: string): void {
    const flags = args.find((arg) => arg.startsWith('O_')) ?? '';
    this.#positions.set(path, 0);
    const isMade =
      flags.includes('O_CREAT') && typeof find(this.#fs.disk, path, 'slash') === 'string';
    const create = isMade ? constants.O_CREAT : 0;
    const truncate = flags.includes('O_TRUNC') ? constants.O_TRUNC : 0;
    if (create + truncate !== 0) {
      this.#with(path, constants.O_RDWR | create | truncate, () => undefined);
    }
  }

  #append(call: SystemCall): void {
    const position = this.#positions.get(call.path) ?? 0;
    this.#write(call, position);
    this.#positions.set(call.path, position + call.result);
  }

  #write({ path, data, result }: SystemCall, position: number): void {
    const written = data.subarray(0, result);
    this.#with(path, constants.O_RDWR, (fd) => this.#fs.write(fd, written, position));
  }

  #with(path: string, flags: number, work: (fd: number) => unknown): void {
    const fd = this.#fs.open(path, flags, 0o600);
    try {
      work(fd);
    } finally {
      this.#fs.close(fd);
    }
  }
}
