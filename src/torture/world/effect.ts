/**
 * What a call did to the disk, in the order in which it did it. Directories and files go by inode
 * number. Changes of mode, owner and times are not in it: no state of a store hangs on them.
 */
export type Effect =
  | {
      readonly kind: 'create';
      readonly ino: number;
      readonly mode: number;
      /** Of a symbolic link. */
      readonly target: string;
    }
  | {
      readonly kind: 'link' | 'unlink';
      readonly parent: number;
      readonly name: string;
      readonly ino: number;
    }
  | {
      readonly kind: 'rename';
      readonly parent: number;
      readonly name: string;
      readonly toParent: number;
      readonly toName: string;
      readonly ino: number;
      readonly replaced: number | undefined;
    }
  | { readonly kind: 'write'; readonly ino: number; readonly offset: number; readonly data: Buffer }
  | {
      readonly kind: 'truncate';
      readonly ino: number;
      readonly size: number;
      readonly sizeBefore: number;
    }
  | { readonly kind: 'sync'; readonly ino: number; readonly isDataOnly: boolean };
