import { constants } from 'node:fs';

const {
  O_APPEND,
  O_RDONLY,
  O_WRONLY,
  O_ACCMODE = 3,
} = constants as typeof constants & {
  readonly O_ACCMODE?: number;
};

/** What open(2) makes, and a descriptor points to: an inode, how it was opened, and a position. */
export class OpenFile {
  readonly ino: number;
  readonly path: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly isAppend: boolean;
  position = 0;

  constructor(ino: number, flags: number, path: string) {
    const access = flags & O_ACCMODE;
    this.ino = ino;
    this.path = path;
    this.canRead = access !== O_WRONLY;
    this.canWrite = access !== O_RDONLY;
    this.isAppend = (flags & O_APPEND) !== 0;
  }
}
