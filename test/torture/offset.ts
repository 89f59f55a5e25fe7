// The bug of the memory store that this rig descends from: the offset of the next block is read, the
// block is written, and only then the offset is moved on. Two writers in between are given the same
// offset, and one of them finds the other's block there.

import { openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { illegal, torture } from '../../src/torture.ts';

/** Numbers that all clients see: the next offset, then one block a place. */
interface Memory {
  read(at: number): number;
  write(at: number, value: number): void;
}

const PLACES = 4096;
const NEXT_OFFSET = 0;

/** Memory that threads share. */
function shared(buffer: SharedArrayBuffer): Memory {
  const numbers = new Int32Array(buffer);
  return {
    read: (at) => Atomics.load(numbers, at),
    write: (at, value) => Atomics.store(numbers, at, value),
  };
}

/** What comes nearest to it between processes. */
function mapped(file: string): Memory {
  const [descriptor, bytes] = [openSync(file, 'r+'), Buffer.alloc(4)];
  return {
    read: (at) => {
      readSync(descriptor, bytes, 0, 4, at * 4);
      return bytes.readInt32LE();
    },
    write: (at, value) => {
      bytes.writeInt32LE(value);
      writeSync(descriptor, bytes, 0, 4, at * 4);
    },
  };
}

export const offset = torture({
  name: 'offset',
  store: {
    create: ({ dir, mode }): SharedArrayBuffer | string => {
      if (mode === 'interleave' || mode === 'threads') return new SharedArrayBuffer(PLACES * 4);
      writeFileSync(join(dir, 'memory'), Buffer.alloc(PLACES * 4));
      return join(dir, 'memory');
    },
    open: (where, world) =>
      world.instrument(typeof where === 'string' ? mapped(where) : shared(where)),
  },
  model: { init: 0 },
  ops: (op) => ({
    store: op({
      in: ({ client, nth }) => 1 + client * 1000 + nth,
      run: async (memory, block) => {
        const offset = await memory.read(NEXT_OFFSET);
        await memory.write(1 + offset, block);
        await memory.write(NEXT_OFFSET, offset + 1);
        return offset;
      },
      spec: (next, _, offset) => {
        // Of a client that was killed nobody knows whether it came to moving the offset on.
        if (offset === undefined) return next + 1;
        return offset === next ? next + 1 : illegal(`offset ${offset}, and not ${next}`);
      },
    }),
  }),
  expect: ['linearizable'],
});
