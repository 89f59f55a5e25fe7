import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../src/errors.ts';
import { aggregate, group, JobTable, leaf, Tasks } from '../src/tasks.ts';
import { directoryOf } from './tasks/directory.ts';

/** A small store with a bit of everything, all of it in the one file. */
async function sample(dir: string): Promise<Buffer> {
  const tasks = await Tasks.open({ dir });
  const plan = group('g', [leaf('a', { volume: 9 }), leaf('b', { unit: 'rows' })]);
  for (const id of ['one', 'two', 'three']) {
    const job = await tasks.register(plan, { job: id });
    await job.child('a').run(async (task) => {
      task.advance(3);
      await task.warn('careful');
    });
    await job.fail(new Error('broken'));
  }
  await tasks.close();
  return readFileSync(join(dir, 'tasks.db'));
}

/** All that reads, and one that writes. */
async function useAll(dir: string): Promise<void> {
  const tasks = await Tasks.open({ dir, lockTimeoutMs: 2000 });
  try {
    const { items } = await tasks.list({ allUsers: true, allDatabases: true });
    for (const item of items) aggregate(item.tasks);
    const table = new JobTable();
    for (const event of await tasks.history()) table.apply(event);
    await tasks.log();
    await tasks.databases();
    for await (const _ of tasks.subscribe({ allUsers: true })) break;
    await (await tasks.register(leaf('c'), { job: 'one' })).cancel();
    await tasks.prune();
    await tasks.purge({ force: true });
  } finally {
    await tasks.close();
  }
}

async function isTyped(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof HoldfastError) return true;
    assert.fail(error instanceof Error ? error : String(error));
  }
}

test('a store file that was damaged anywhere is read as it is, or refused with a typed error', async (t) => {
  const dir = directoryOf(t);
  const whole = await sample(join(dir, 'whole'));
  let nth = 0;
  const openWith = async (content: Uint8Array): Promise<boolean> => {
    nth += 1;
    const own = join(dir, String(nth));
    mkdirSync(own, { mode: 0o700 });
    writeFileSync(join(own, 'tasks.db'), content, { mode: 0o600 });
    copyFileSync(join(dir, 'whole/tasks.lock'), join(own, 'tasks.lock'));
    return isTyped(useAll(own));
  };
  assert.ok(await openWith(whole));
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(flips, fc.nat(whole.length), fc.boolean(), async (bits, length, isCut) => {
      const content = Buffer.from(whole);
      for (const [at, bit] of bits) content[at] = (content[at] ?? 0) ^ (1 << bit);
      return openWith(isCut ? content.subarray(0, length) : content);
    }),
    { numRuns: Number(process.env.DAMAGE_RUNS ?? 40) },
  );
});
