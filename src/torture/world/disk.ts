import type { Effect } from './effect.ts';
import { Flocks } from './flocks.ts';
import { DIRECTORY, Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { PartialWrites } from './partial-writes.ts';

export interface DiskOptions {
  /** Epoch ms, for the times of files. */
  readonly now: () => number;
}

/** Inode of `/`. */
export const ROOT = 1;

/** What may be told of a file without touching its content; times in epoch ms. */
export interface Attributes {
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly atimeMs?: number | undefined;
  readonly mtimeMs?: number | undefined;
}

/** The effects of all processes since `base`, which is taken to be safe on the disk. */
export interface EffectLog {
  readonly base: Disk;
  readonly effects: readonly Effect[];
}

/**
 * The inodes of a simulated file system, which several processes (`MemoryFs`) share. Paths are the
 * business of `namespace.ts`; nobody's permissions are checked, as for root.
 *
 * A fork costs about as much as a copy of the list of inodes, whatever their size.
 */
export class Disk {
  readonly flocks = new Flocks();
  readonly #now: () => number;
  readonly #inodes: (Inode | undefined)[];
  #owner: object = {};
  /** How many open files there are of an inode: it stays for them when its last name goes. */
  readonly #opens = new Map<number, number>();
  readonly #partialWrites = new PartialWrites((ino, offset, data) => this.#put(ino, offset, data));
  #log: { readonly base: Disk; readonly effects: Effect[] } | undefined;
  #tempNames: number;

  constructor(options: DiskOptions, base?: Disk) {
    this.#now = options.now;
    if (base !== undefined) {
      this.#inodes = base.#inodes.slice();
      this.#tempNames = base.#tempNames;
      return;
    }
    const root = new Inode(this.#owner, ROOT, DIRECTORY | 0o755, '', this.#now());
    root.nlink = 2;
    root.parent = ROOT;
    this.#inodes = [undefined, root];
    this.#tempNames = 0;
  }

  /** A disk of its own with the same content, on which no file is open or locked. */
  fork(options: Partial<DiskOptions> = {}): Disk {
    // From here on, neither of the two may change an inode in place.
    this.#owner = {};
    return new Disk({ now: options.now ?? this.#now }, this);
  }

  /** Begins to log effects; the state now counts as safe on the disk. */
  record(): EffectLog {
    this.#log = { base: this.fork(), effects: [] };
    return this.#log;
  }

  /** Begun by `record`. */
  get log(): EffectLog | undefined {
    return this.#log;
  }

  inode(ino: number): Inode {
    const inode = this.#inodes[ino];
    if (inode === undefined) throw new RangeError(`inode: there is no ${ino}`);
    return inode;
  }

  /** Whether there is one: a name may have gone, and its inode with it. */
  has(ino: number): boolean {
    return this.#inodes[ino] !== undefined;
  }

  /** An inode without a name; `ino` only to repeat what was logged. */
  create(mode: number, target = '', ino = this.#inodes.length): Inode {
    const inode = new Inode(this.#owner, ino, mode, target, this.#now());
    this.#inodes[ino] = inode;
    this.#log?.effects.push({ kind: 'create', ino, mode, target });
    return inode;
  }

  link(parent: number, name: string, ino: number): void {
    this.#log?.effects.push({ kind: 'link', parent, name, ino });
    const directory = this.#changeEntries(parent);
    directory.setEntry(name, ino);
    this.#count(directory, this.#writable(ino), 1);
  }

  unlink(parent: number, name: string): void {
    const ino = this.#entry(parent, name);
    this.#log?.effects.push({ kind: 'unlink', parent, name, ino });
    const directory = this.#changeEntries(parent);
    directory.deleteEntry(name);
    this.#count(directory, this.#writable(ino), -1);
    this.#reclaim(ino);
  }

  /** Replaces what has the new name already. */
  rename(parent: number, name: string, toParent: number, toName: string): void {
    const ino = this.#entry(parent, name);
    const replaced = this.inode(toParent).entries.get(toName);
    this.#log?.effects.push({ kind: 'rename', parent, name, toParent, toName, ino, replaced });
    const from = this.#changeEntries(parent);
    const to = this.#changeEntries(toParent);
    const inode = this.#writable(ino);
    from.deleteEntry(name);
    if (replaced !== undefined) {
      this.#count(to, this.#writable(replaced), -1);
      this.#reclaim(replaced);
    }
    to.setEntry(toName, ino);
    inode.ctimeMs = this.#now();
    if (!inode.isDirectory) return;
    from.nlink -= 1;
    to.nlink += 1;
    inode.parent = toParent;
  }

  /** Bytes from `offset` into `target`; how many there were. */
  read(ino: number, offset: number, target: Uint8Array): number {
    const bytes = this.inode(ino).slice(offset, offset + target.byteLength);
    target.set(bytes);
    return bytes.byteLength;
  }

  /** Where an append goes: behind what is being written. */
  sizeToAppend(ino: number): number {
    this.#partialWrites.finish(ino);
    return this.inode(ino).size;
  }

  write(ino: number, offset: number, data: Uint8Array): void {
    this.#partialWrites.finish(ino);
    this.#put(ino, offset, data);
  }

  /**
   * A write in steps: each call of the answer does the next `stepBytes`, and says whether that was
   * the last. Readers see it half done, as they may with ext4; whoever changes the file sees it
   * done, for the kernel lets one writer in at a time.
   */
  writeInSteps(file: OpenFile, offset: number, data: Uint8Array, stepBytes: number): () => boolean {
    return this.#partialWrites.begin(file, offset, data, stepBytes);
  }

  /** Of a process that died: what it has not written yet will not be. */
  abandonWrites(file: OpenFile): void {
    this.#partialWrites.abandon(file);
  }

  truncate(ino: number, size: number): void {
    this.#partialWrites.finish(ino);
    const sizeBefore = this.inode(ino).size;
    if (size !== sizeBefore) this.#log?.effects.push({ kind: 'truncate', ino, size, sizeBefore });
    const inode = this.#writable(ino);
    inode.truncate(size);
    inode.mtimeMs = inode.ctimeMs = this.#now();
  }

  sync(ino: number, isDataOnly: boolean): void {
    this.#log?.effects.push({ kind: 'sync', ino, isDataOnly });
  }

  change(ino: number, { mode, uid, gid, atimeMs, mtimeMs }: Attributes): void {
    const inode = this.#writable(ino);
    if (mode !== undefined) inode.mode = (inode.mode & ~0o7777) | (mode & 0o7777);
    if (uid !== undefined && uid >= 0) inode.uid = uid;
    if (gid !== undefined && gid >= 0) inode.gid = gid;
    if (atimeMs !== undefined) inode.atimeMs = atimeMs;
    if (mtimeMs !== undefined) inode.mtimeMs = mtimeMs;
    inode.ctimeMs = this.#now();
  }

  /** Sets or removes an entry as a power cut leaves it: nothing is counted until `repair`. */
  putEntry(parent: number, name: string, ino: number | undefined): void {
    const directory = this.#writable(parent);
    if (ino === undefined) directory.deleteEntry(name);
    else directory.setEntry(name, ino);
  }

  /** As fsck: what no name leads to is gone, and links are counted anew. */
  repair(): void {
    const links = new Map<number, number>([[ROOT, 1]]);
    const pending = [ROOT];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const directory = this.#writable(at);
      directory.nlink = 2;
      for (const ino of directory.entries.values()) {
        const isNew = !links.has(ino);
        links.set(ino, (links.get(ino) ?? 0) + 1);
        if (!this.inode(ino).isDirectory) continue;
        directory.nlink += 1;
        this.#writable(ino).parent = at;
        if (isNew) pending.push(ino);
      }
    }
    for (const ino of this.#inodes.keys()) {
      const count = links.get(ino);
      if (count === undefined) this.#inodes[ino] = undefined;
      else if (!this.inode(ino).isDirectory) this.#writable(ino).nlink = count;
    }
  }

  /** An inode stays while it is open. */
  retain(ino: number): void {
    this.#opens.set(ino, (this.#opens.get(ino) ?? 0) + 1);
  }

  release(ino: number): void {
    const opens = (this.#opens.get(ino) ?? 0) - 1;
    if (opens > 0) {
      this.#opens.set(ino, opens);
      return;
    }
    this.#opens.delete(ino);
    this.#reclaim(ino);
  }

  /** Six letters that this disk has not given before. */
  tempName(): string {
    this.#tempNames += 1;
    return this.#tempNames.toString(36).padStart(6, '0');
  }

  #put(ino: number, offset: number, data: Uint8Array): void {
    this.#log?.effects.push({ kind: 'write', ino, offset, data: Buffer.from(data) });
    const inode = this.#writable(ino);
    inode.write(offset, data);
    inode.mtimeMs = inode.ctimeMs = this.#now();
  }

  #entry(parent: number, name: string): number {
    const ino = this.inode(parent).entries.get(name);
    if (ino === undefined) throw new RangeError(`inode ${parent} has no entry ${name}`);
    return ino;
  }

  #writable(ino: number): Inode {
    const inode = this.inode(ino);
    if (inode.owner === this.#owner) return inode;
    const copy = inode.copyFor(this.#owner);
    this.#inodes[ino] = copy;
    return copy;
  }

  #changeEntries(ino: number): Inode {
    const inode = this.#writable(ino);
    inode.mtimeMs = inode.ctimeMs = this.#now();
    return inode;
  }

  /** One name more or less. A directory has two, its own `.` being one, and is one of its parent's. */
  #count(parent: Inode, inode: Inode, change: 1 | -1): void {
    inode.ctimeMs = this.#now();
    if (!inode.isDirectory) {
      inode.nlink += change;
      return;
    }
    inode.nlink = change > 0 ? 2 : 0;
    parent.nlink += change;
    if (change > 0) inode.parent = parent.ino;
  }

  #reclaim(ino: number): void {
    if (this.#inodes[ino]?.nlink === 0 && !this.#opens.has(ino)) this.#inodes[ino] = undefined;
  }
}
