import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { crashImages } from './crash-states.ts';
import { Disk } from './disk.ts';
import { type FsHook, memoryPromises, type Steps } from './fs-hook.ts';
import { MemoryFs, STEP_BYTES } from './memory-fs.ts';
import { fingerprint, pathsOf } from './tree.ts';
import type { FileSystem } from './world.ts';

type Work = (fs: FileSystem, open: FileHandle[]) => Promise<unknown>;

const path = fc.constantFrom('/a', '/b', '/d', '/d/a', '/d/e', '/d/e/f');
const large = 'x'.repeat(2 * STEP_BYTES + 1);
const text = fc.constantFrom('', 'short', large);

const work: fc.Arbitrary<Work> = fc.oneof(
  fc.tuple(path, text).map(
    ([at, data]): Work =>
      (fs) =>
        fs.writeFile(at, data),
  ),
  fc.tuple(path, text).map(
    ([at, data]): Work =>
      (fs) =>
        fs.appendFile(at, data),
  ),
  path.map(
    (at): Work =>
      (fs) =>
        fs.readFile(at),
  ),
  fc.tuple(path, path).map(
    ([from, to]): Work =>
      (fs) =>
        fs.rename(from, to),
  ),
  fc.tuple(path, path).map(
    ([from, to]): Work =>
      (fs) =>
        fs.link(from, to),
  ),
  fc.tuple(path, path).map(
    ([from, to]): Work =>
      (fs) =>
        fs.symlink(from, to),
  ),
  fc.tuple(path, path).map(
    ([from, to]): Work =>
      (fs) =>
        fs.copyFile(from, to),
  ),
  fc.tuple(path, path).map(
    ([from, to]): Work =>
      (fs) =>
        fs.cp(from, to, { recursive: true }),
  ),
  path.map(
    (at): Work =>
      (fs) =>
        fs.unlink(at),
  ),
  path.map(
    (at): Work =>
      (fs) =>
        fs.rm(at, { recursive: true, force: true }),
  ),
  path.map(
    (at): Work =>
      (fs) =>
        fs.mkdir(at, { recursive: true }),
  ),
  path.map(
    (at): Work =>
      (fs) =>
        fs.readdir(at, { recursive: true }),
  ),
  path.map(
    (at): Work =>
      async (fs, open) =>
        open.push(await fs.open(at, 'a+')),
  ),
  text.map(
    (data): Work =>
      async (_fs, open) =>
        open[0]?.write(data),
  ),
  fc.constant<Work>(async (_fs, open) => open[0]?.truncate(3)),
  fc.constant<Work>(async (_fs, open) => open.shift()?.close()),
);

/** Steps of two processes in an order that is drawn. */
class DrawnOrder implements FsHook {
  readonly #order: () => number;
  readonly #waiting: { readonly steps: Steps; readonly end: (step: () => unknown) => void }[] = [];

  constructor(order: () => number) {
    this.#order = order;
  }

  async(_call: unknown, steps: Steps): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (step: () => unknown) => {
        try {
          resolve(step());
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ steps, end });
    });
  }

  sync(_call: unknown, perform: () => unknown): unknown {
    return perform();
  }

  /** Until nobody waits, `beforeStep` being told of each. */
  async run(beforeStep: (count: number) => void): Promise<void> {
    await new Promise(setImmediate);
    for (let count = 0; this.#waiting.length > 0; count += 1) {
      assert.ok(count < 2000, 'the calls come to an end');
      beforeStep(count);
      const index = this.#order() % this.#waiting.length;
      const call = this.#waiting[index];
      call?.end(() => {
        const { done, value } = call.steps.next();
        if (done !== true) return this.async(undefined, call.steps);
        return value;
      });
      this.#waiting.splice(index, 1);
      await new Promise(setImmediate);
    }
  }
}

/** Whether links are counted rightly, and everything can be reached. */
function checkDisk(disk: Disk): void {
  const counted = [...pathsOf(disk)].map(([at, inode]) => [at, inode.nlink, inode.parent]);
  const repaired = disk.fork();
  repaired.repair();
  assert.deepEqual(
    [...pathsOf(repaired)].map(([at, inode]) => [at, inode.nlink, inode.parent]),
    counted,
  );
}

test('whatever the order of steps and whoever dies, the disk is sound and errors are the system’s', async () => {
  const script = fc.array(work, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(script, script),
      fc.infiniteStream(fc.nat(7)),
      fc.option(fc.nat(20)),
      async (scripts, order, dies) => {
        const disk = new Disk({ now: () => 0 });
        const processes = scripts.map(() => new MemoryFs(disk));
        const log = disk.record();
        const hook = new DrawnOrder(() => order.next().value);
        const ends = scripts.map(async (works, index) => {
          const fs = memoryPromises(processes[index] as MemoryFs, hook);
          const open: FileHandle[] = [];
          for (const work of works) await work(fs, open).catch(mustBeExpected);
          for (const handle of open) await handle.close().catch(mustBeExpected);
        });
        const end = Promise.all(ends);
        await hook.run((count) => {
          if (count === dies) processes[0]?.kill();
        });
        await end;
        checkDisk(disk);
        assert.deepEqual(
          processes.flatMap((fs) => fs.openDescriptors),
          [],
        );
        const whole = crashImages(log, { model: 'none', seed: '1', limit: 3 });
        for (const [index, image] of [...whole].entries()) {
          checkDisk(image.disk);
          if (index === 0) assert.equal(fingerprint(image.disk), fingerprint(disk));
        }
      },
    ),
    { numRuns: 200 },
  );
});

function mustBeExpected(error: NodeJS.ErrnoException): void {
  const isOurs = error.message === 'a call of a process that was killed';
  assert.ok(isOurs || error.code !== undefined, error.stack);
}
