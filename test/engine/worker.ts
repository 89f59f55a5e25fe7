import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { monotonicMs } from '../../src/engine/clock.ts';
import { WriterLock } from '../../src/engine/lock.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { all, run } from '../../src/engine/steps.ts';
import { cells, cellsTwo, getCell, increment, setCell, warmCell } from './store.ts';

// Arguments: role, database file, and what the role takes.
const [role = '', file = '', first = '', second = ''] = process.argv.slice(2);

const now = () => Number(process.hrtime.bigint());
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const go = async () => {
  say('ready');
  await once(process.stdin, 'data');
  process.stdin.pause();
};

/** Increments for `first` ms at durability `second`; says how often, and the longest wait. */
async function count(): Promise<void> {
  const durability = second === 'power' ? 'power' : 'process';
  await using engine = await openSqlite({ file, schema: cells, durability, lockTimeoutMs: 30_000 });
  await go();
  const end = monotonicMs() + Number(first);
  let commits = 0;
  let longestMs = 0;
  while (monotonicMs() < end) {
    const from = monotonicMs();
    await engine.write(increment);
    longestMs = Math.max(longestMs, monotonicMs() - from);
    commits += 1;
  }
  say({ commits, longestMs });
}

/** Opens at the signal and makes one increment. */
async function open(): Promise<void> {
  await go();
  const schema = first === '2' ? cellsTwo : cells;
  await using engine = await openSqlite({ file, schema, lockTimeoutMs: 60_000 });
  say(await engine.write(increment));
}

/** Holds the writer lock until it is killed. */
async function hold(): Promise<void> {
  const lock = new WriterLock(file.replace(/\.db$/, '.lock'));
  if (!(await lock.acquire(monotonicMs() + 5000))) throw new Error('the lock is not free');
  say('held');
  setInterval(() => undefined, 1000);
}

/** Waits for the lock with a short budget, says why it failed, and ends as `first` says. */
async function wait(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, lockTimeoutMs: 300 });
  await engine.write(increment).catch((error: Error) => say(error.message));
  if (first === 'exit') process.exit(7);
  await engine.close();
}

/**
 * Asks for `first` writes that wait up to `second` ms each, waits for a signal where there is one
 * write only, and exits with 3 if all was committed by then, else with 4.
 */
async function exitAtOnce(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, durability: 'process' });
  process.on('exit', () => {
    say('exiting');
    process.exitCode = engine.finishNow(20) ? 3 : 4;
  });
  const lockTimeoutMs = Number(second);
  for (let id = 1; id <= Number(first); id++) {
    engine.write(() => setCell(id, id), { lockTimeoutMs }).catch(() => undefined);
  }
  if (first === '1') await go();
  process.exit();
}

/** Waits for the lock twice, the second time in a thread if `first` says so, and exits meanwhile. */
async function exitWaiting(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, lockTimeoutMs: 20_000 });
  engine.write(increment).catch(() => undefined);
  if (first === 'thread') {
    new Worker(import.meta.filename, { argv: ['waitForEver', file] }).unref();
  } else {
    const other = await openSqlite({ file, schema: cells, lockTimeoutMs: 20_000 });
    other.write(increment).catch(() => undefined);
  }
  await go();
  process.exit(6);
}

async function waitForEver(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, lockTimeoutMs: 20_000 });
  await engine.write(increment);
}

/** Ends the process in the middle of a transaction. */
async function exitInBody(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, durability: 'process' });
  process.on('exit', () => say(engine.finishNow(20)));
  await engine.write(function* () {
    yield* setCell(1, 7);
    process.exit(5);
  });
}

/** Writes increasing values for `first` ms; says when each write began and returned. */
async function writeRegister(): Promise<void> {
  await using engine = await openSqlite({ file, schema: cells, durability: 'process' });
  await go();
  const end = monotonicMs() + Number(first);
  const writes: unknown[] = [];
  while (monotonicMs() < end) {
    const invokedAt = now();
    const value = await engine.write(increment);
    writes.push({ value, invokedAt, returnedAt: now() });
  }
  say({ writes });
}

/** Reads through the cache, and slowly where it is not current, for `first` ms. */
async function readRegister(): Promise<void> {
  await using engine = await openSqlite({ file, schema: cells, durability: 'process' });
  const warm = warmCell();
  await go();
  const end = monotonicMs() + Number(first);
  const reads: unknown[] = [];
  let warmReads = 0;
  while (monotonicMs() < end) {
    const invokedAt = now();
    const peeked = engine.peek(warm);
    if (peeked) warmReads += 1;
    const { value } = peeked ?? (await engine.read(() => warm.get()));
    reads.push({ value, invokedAt, returnedAt: now() });
    if (reads.length % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  say({ reads, warmReads });
}

/** Long reads, one after the other, until it is killed. */
async function readSlowly(): Promise<void> {
  await using engine = await openSqlite({ file, schema: cells, durability: 'process' });
  say('reading');
  for (;;) {
    await engine.read(function* () {
      for (let count = 0; count < 200; count++) yield* all('SELECT * FROM cells');
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Begins a commit and dies in the middle of it, with the epoch odd. */
async function dieInCommit(): Promise<void> {
  const { Epoch } = await import('../../src/engine/epoch.ts');
  await using engine = await openSqlite({ file, schema: cells, durability: 'process' });
  await engine.write(increment);
  const epoch = new Epoch(file.replace(/\.db$/, '.lock'), false);
  epoch.write(epoch.read() + 1);
  process.kill(process.pid, 'SIGKILL');
}

/** Fills what space there is, in batches, and says what became of the writes. */
async function fill(): Promise<void> {
  const engine = await openSqlite({ file, schema: cells, durability: 'process' });
  const codes = new Map<string, number>();
  const note = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  const acknowledged: number[] = [];
  const pad = 'x'.repeat(20_000);
  for (let batch = 0; batch < 40; batch++) {
    const writes = Array.from({ length: 10 }, async (_, index) => {
      const id = 10 + batch * 10 + index;
      try {
        await engine.write(() => run('INSERT INTO cells VALUES (?, 1, ?)', id, pad));
        acknowledged.push(id);
        note('ok');
      } catch (error) {
        note((error as { code?: string }).code ?? String(error));
      }
    });
    await Promise.all(writes);
  }
  say({ codes: Object.fromEntries(codes), acknowledged });
  process.exit(0);
}

/** Drops its rights, then tries to write. */
async function unprivileged(): Promise<void> {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
  try {
    await using engine = await openSqlite({ file, schema: cells });
    await engine.write(() => setCell(1, 5));
    say('written');
  } catch (error) {
    say((error as { code?: string }).code ?? String(error));
  }
}

/** Migrates the file to the second version. */
async function migrate(): Promise<void> {
  await using engine = await openSqlite({ file, schema: cellsTwo });
  say(await engine.read(() => getCell(1)));
}

const roles: Record<string, () => Promise<void>> = {
  count,
  open,
  hold,
  wait,
  exitAtOnce,
  exitWaiting,
  waitForEver,
  exitInBody,
  writeRegister,
  readRegister,
  readSlowly,
  dieInCommit,
  fill,
  unprivileged,
  migrate,
};
await roles[role]?.();
