import { illegal, torture, unique } from '../../src/torture.ts';

/** What `add` must answer when it is one step. */
export function next(count: number, _input: unknown, output: number | undefined) {
  if (output === undefined) return count + 1;
  return output === count + 1 ? output : illegal(`${output} does not follow ${count}`);
}

const model = { init: 0 };

interface Blocks {
  next: number;
  readonly blocks: string[];
}

/** Blocks in memory: where the next one goes is read, the block written, and the counter moved. */
export const offsets = torture({
  name: 'offsets',
  store: {
    create: (): Blocks => ({ next: 0, blocks: [] }),
    open: (memory, world) =>
      world.instrument({
        next: () => memory.next,
        write: (offset: number, text: string) => {
          memory.blocks[offset] = text;
        },
        bump: () => {
          memory.next += 1;
        },
      }),
  },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: async (memory, text) => {
        const offset = await memory.next();
        await memory.write(offset, text);
        await memory.bump();
        return offset + 1;
      },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** The same, as one step. */
export const soundOffsets = torture({
  name: 'sound offsets',
  store: {
    create: (): Blocks => ({ next: 0, blocks: [] }),
    open: (memory, world) =>
      world.instrument({
        put: (text: string) => {
          memory.blocks[memory.next] = text;
          memory.next += 1;
          return memory.next;
        },
      }),
  },
  ops: (op) => ({
    put: op({ in: unique(), run: (memory, text) => memory.put(text), spec: next }),
  }),
  model,
  expect: ['linearizable'],
});
