import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { monotonicMs } from '../../src/engine/clock.ts';
import { thisHost } from '../../src/engine/files.ts';
import { WriterLock } from '../../src/engine/lock.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { all, atomically, one, run, runWith, type Steps, Warm } from '../../src/engine/steps.ts';
import { HoldfastError } from '../../src/errors.ts';
import {
  cells,
  cellsOne,
  cellsTwo,
  directoryOf,
  getCell,
  increment,
  incrementWith,
  openCells,
  setCell,
  startCommand,
  startWorker,
  warmCell,
} from './store.ts';

const boom = new Error('boom');

function* setAndFail(id: number): Steps<void> {
  yield* setCell(id, 1);
  throw boom;
}

function* count(): Steps<number> {
  return (yield* one<{ n: number }>('SELECT count(*) AS n FROM cells'))?.n ?? 0;
}

test('a body that fails in a batch is rolled back alone', async (t) => {
  const { engine } = await openCells(t);
  const results = await Promise.allSettled([
    engine.write(() => setCell(2, 2)),
    engine.write(() => setAndFail(3)),
    engine.write(() => setCell(4, 4)),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(await engine.read(() => getCell(3)), undefined);
  assert.equal(await engine.read(count), 3);
});

test('a body that fails half-way and alone leaves nothing', async (t) => {
  const { engine } = await openCells(t);
  await assert.rejects(
    engine.write(() => setAndFail(3)),
    boom,
  );
  assert.equal(await engine.read(count), 1);
});

test('a failing part in atomically is undone alone, and its error can be caught', async (t) => {
  const { engine } = await openCells(t);
  await engine.write(function* () {
    yield* setCell(2, 2);
    try {
      yield* atomically(() => setAndFail(3));
    } catch (error) {
      assert.equal(error, boom);
    }
    yield* setCell(4, 4);
  });
  assert.deepEqual(
    await engine.read(() => all('SELECT id FROM cells ORDER BY id')),
    [{ id: 1 }, { id: 2 }, { id: 4 }].map((row) => Object.assign(Object.create(null), row)),
  );
});

test('a body that catches a failed statement and goes on is rolled back and told so', async (t) => {
  const { engine } = await openCells(t);
  let cleanedUp = false;
  await assert.rejects(
    engine.write(function* () {
      yield* setCell(2, 2);
      try {
        yield* run('INSERT INTO cells (id, value) VALUES (1, 0)');
      } catch {
        yield* setCell(3, 3);
      } finally {
        cleanedUp = true;
      }
    }),
    { code: 'CONSTRAINT' },
  );
  assert.ok(cleanedUp);
  assert.equal(await engine.read(count), 1);
});

test('a read that tries to write fails and writes nothing', async (t) => {
  const { engine } = await openCells(t);
  await assert.rejects(
    engine.read(() => setCell(2, 2)),
    { code: 'SQL_ERROR' },
  );
  assert.equal(await engine.read(count), 1);
});

test('when a COMMIT is refused, the write to blame fails and the others succeed', async (t) => {
  const { engine } = await openCells(t);
  const results = await Promise.allSettled([
    engine.write(() => setCell(2, 2)),
    engine.write(() => run('INSERT INTO links VALUES (1, 999)')),
    engine.write(() => setCell(3, 3)),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  const [, refused] = results;
  assert.equal(refused?.status === 'rejected' && refused.reason.code, 'CONSTRAINT');
  assert.equal(await engine.read(count), 3);
});

test('a limit on file size gives typed errors, and every acknowledged write is there', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.close();
  const worker = join(import.meta.dirname, 'worker.ts');
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const script = `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`;
  const args = ['-c', script, process.execPath, worker, 'fill', file];
  const { out } = await startCommand(t, '/bin/sh', args, env).exited;
  const { codes, acknowledged } = JSON.parse(out);
  t.diagnostic(JSON.stringify(codes));
  assert.ok(codes.ok > 0);
  const failures = Object.keys(codes).filter((code) => code !== 'ok');
  assert.ok(failures.length > 0, 'the limit was never reached');
  for (const code of failures) {
    assert.ok(['COMMIT_UNKNOWN', 'IO_ERROR', 'DISK_FULL'].includes(code), code);
  }
  const again = await openCells(t, { file });
  const rows = await again.engine.read(() => all<{ id: number }>('SELECT id FROM cells'));
  const ids = new Set(rows.map((row) => row.id));
  assert.deepEqual(
    acknowledged.filter((id: number) => !ids.has(id)),
    [],
  );
  await again.engine.write(increment);
});

test('a full disk is DISK_FULL, every acknowledged write is there, and space brings it back', async (t) => {
  const directory = join(directoryOf(t), 'small');
  mkdirSync(directory, { mode: 0o700 });
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', directory]);
  if (mount.status !== 0) return t.skip('cannot mount a small file system here');
  try {
    const file = join(directory, 'cells.db');
    const { out } = await startWorker(t, 'fill', file).exited;
    const { codes, acknowledged } = JSON.parse(out);
    t.diagnostic(JSON.stringify(codes));
    assert.ok(codes.ok > 0 && codes.DISK_FULL > 0);
    assert.equal(spawnSync('mount', ['-o', 'remount,size=8m', directory]).status, 0);
    const { engine } = await openCells(t, { file });
    const rows = await engine.read(() => all<{ id: number }>('SELECT id FROM cells'));
    const ids = new Set(rows.map((row) => row.id));
    assert.deepEqual(
      acknowledged.filter((id: number) => !ids.has(id)),
      [],
    );
    assert.equal(await engine.write(increment), 1);
    await engine.close();
  } finally {
    spawnSync('umount', ['-l', directory]);
  }
});

test('a warm value follows committed changes and forgets undone ones', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  function* bump(fails: boolean): Steps<void> {
    yield* incrementWith(warm);
    if (fails) throw boom;
  }
  assert.equal((await engine.read(() => warm.get())).value, 0);
  await engine.write(() => bump(false));
  assert.equal(engine.peek(warm)?.value, 1);
  await assert.rejects(
    engine.write(() => bump(true)),
    boom,
  );
  assert.equal(engine.peek(warm)?.value, 1);
  await Promise.allSettled([engine.write(() => bump(true)), engine.write(() => bump(false))]);
  assert.equal(engine.peek(warm)?.value, 2);
  assert.equal(await engine.read(() => getCell(1)), 2);
});

test('a statement that does not say what it means for a warm value makes it forgotten', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  await engine.read(() => warm.get());
  const seen = await engine.write(function* () {
    const before = (yield* warm.get()).value;
    yield* increment();
    return [before, (yield* warm.get()).value];
  });
  assert.deepEqual(seen, [0, 1]);
  assert.equal(engine.peek(warm)?.value, 1, 'built anew in the transaction, and kept');
  await engine.write(increment);
  assert.equal(engine.peek(warm), undefined);
  assert.equal((await engine.read(() => warm.get())).value, 2);
});

test('an effect counts only if its statement changed a row', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  await engine.read(() => warm.get());
  const spoiling = warm.effect(
    (cell) => {
      cell.value = 99;
    },
    () => undefined,
  );
  await engine.write(() => runWith([spoiling], 'UPDATE cells SET value = 99 WHERE id = -1'));
  assert.equal(engine.peek(warm)?.value, 0);
});

test('bodies of a batch that fail leave the others as if they had never been', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  await engine.read(() => warm.get());
  let runs = 0;
  function* body(kind: number): Steps<number> {
    runs += 1;
    if (kind === 1) throw boom;
    const next = yield* incrementWith(warm);
    if (kind === 2) throw boom;
    return next;
  }
  const batch = async (kinds: readonly number[]) => {
    runs = 0;
    const results = await Promise.allSettled(kinds.map((kind) => engine.write(() => body(kind))));
    return results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'));
  };
  assert.deepEqual(await batch([0, 1, 0, 1]), [1, 'failed', 2, 'failed']);
  assert.equal(runs, 4, 'a failure before any write costs nothing');
  assert.deepEqual(await batch([0, 2, 1, 0, 2, 0]), [3, 'failed', 'failed', 4, 'failed', 5]);
  assert.equal(runs, 8, 'the first failure after a write: once more, in savepoints');
  assert.deepEqual(await batch([2, 0, 2]), ['failed', 6, 'failed']);
  assert.equal(runs, 3, 'and the next batch has savepoints from the start');
  assert.equal(engine.peek(warm)?.value, 6);
  assert.equal(await engine.read(() => getCell(1)), 6);
});

test('a warm value that was built inside a failed body is not kept', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  await assert.rejects(
    engine.write(function* () {
      yield* setCell(1, 77);
      assert.equal((yield* warm.get()).value, 77);
      throw boom;
    }),
    boom,
  );
  assert.equal(engine.peek(warm), undefined);
  assert.equal((await engine.read(() => warm.get())).value, 0);
});

test('after a refused COMMIT nothing that was changed in place is served', async (t) => {
  const { engine } = await openCells(t);
  const warm = warmCell();
  await engine.write(increment);
  await engine.read(() => warm.get());
  await assert.rejects(
    engine.write(function* () {
      yield* incrementWith(warm);
      yield* run('INSERT INTO links VALUES (1, 999)');
    }),
    { code: 'CONSTRAINT' },
  );
  assert.equal(engine.peek(warm), undefined);
  assert.equal((await engine.read(() => warm.get())).value, 1);
});

test('two handles never serve what the other has overtaken', async (t) => {
  const { engine, file } = await openCells(t);
  const other = await openCells(t, { file });
  const [mine, theirs] = [warmCell(), warmCell()];
  for (let round = 1; round <= 50; round++) {
    const [writer, warm] = round % 2 ? [engine, mine] : [other.engine, theirs];
    await writer.write(() => incrementWith(warm));
    const left = engine.peek(mine) ?? (await engine.read(() => mine.get()));
    const right = other.engine.peek(theirs) ?? (await other.engine.read(() => theirs.get()));
    assert.deepEqual([left.value, right.value], [round, round]);
  }
});

test('a lock file too short to hold the epoch is taken for unsettled, never for its old value', async (t) => {
  const { engine, file } = await openCells(t);
  const warm = warmCell();
  await engine.write(increment);
  await engine.read(() => warm.get());
  assert.equal(engine.peek(warm)?.value, 1);
  truncateSync(file.replace(/\.db$/, '.lock'), 19);
  assert.equal(engine.peek(warm), undefined);
  assert.equal((await engine.read(() => warm.get())).value, 1);
  await engine.write(increment);
  assert.equal((await engine.read(() => warm.get())).value, 2);
});

test('the slow path notices a program that writes past the epoch', async (t) => {
  const { engine, file } = await openCells(t);
  const warm = warmCell();
  await engine.write(increment);
  await engine.read(() => warm.get());
  const foreign = new DatabaseSync(file);
  foreign.exec('UPDATE cells SET value = 500 WHERE id = 1');
  foreign.close();
  assert.equal((await engine.read(() => warm.get())).value, 500);
});

test('a database file that is replaced or deleted while open is STORE_REPLACED', async (t) => {
  for (const change of ['replaced', 'deleted']) {
    const { engine, file } = await openCells(t);
    const warm = warmCell();
    await engine.write(increment);
    await engine.read(() => warm.get());
    if (change === 'replaced') {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    } else rmSync(file);
    // A look is taken at least every 20 ms.
    const from = monotonicMs();
    while (monotonicMs() - from < 30);
    const replaced = { code: 'STORE_REPLACED' };
    await assert.rejects(engine.write(increment), replaced);
    await assert.rejects(
      engine.read(() => getCell(1)),
      replaced,
    );
    assert.throws(() => engine.peek(warm), replaced);
  }
});

test('a newer file is refused at open', async (t) => {
  const { engine, file } = await openCells(t, { schema: cellsTwo });
  await engine.close();
  await assert.rejects(openSqlite({ file, schema: cellsOne }), { code: 'SCHEMA_TOO_NEW' });
});

test('a process that was open when another migrated is refused reads and writes', async (t) => {
  const { engine, file } = await openCells(t, { schema: cellsOne });
  await engine.write(increment);
  const { code } = await startWorker(t, 'migrate', file).exited;
  assert.equal(code, 0);
  await assert.rejects(engine.write(increment), { code: 'SCHEMA_TOO_NEW' });
  await assert.rejects(
    engine.read(() => getCell(1)),
    { code: 'SCHEMA_TOO_NEW' },
  );
});

test('an SQLite with the WAL-reset bug is refused', async (t) => {
  const file = join(directoryOf(t), 'cells.db');
  for (const sqliteVersion of ['3.51.2', '3.7.0', '2.99.99']) {
    const host = { ...thisHost, sqliteVersion };
    await assert.rejects(openSqlite({ file, schema: cells, host }), { code: 'SQLITE_TOO_OLD' });
  }
  for (const sqliteVersion of ['3.51.3', '3.53.0', '4.0.0']) {
    const host = { ...thisHost, sqliteVersion };
    await (await openSqlite({ file, schema: cells, host })).close();
  }
});

test('a network file system is refused', async (t) => {
  const file = join(directoryOf(t), 'data', 'cells.db');
  const host = { ...thisHost, fileSystemType: () => 0x6969 };
  const skipped = process.platform !== 'linux';
  if (skipped) return t.skip('the numbers are those of Linux');
  await assert.rejects(openSqlite({ file, schema: cells, host }), { code: 'NETWORK_FILESYSTEM' });
});

test('files are for their owner only; a directory that all may write to is refused', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(increment);
  assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  for (const name of readdirSync(dirname(file))) {
    assert.equal(statSync(join(dirname(file), name)).mode & 0o777, 0o600, name);
  }
  const open = join(directoryOf(t), 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  await assert.rejects(openSqlite({ file: join(open, 'cells.db'), schema: cells }), {
    code: 'UNSAFE_DIRECTORY',
  });
  assert.equal(statSync(open).mode & 0o777, 0o777);
});

test('a directory that this user may not write to is READ_ONLY', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to give its rights away');
  const directory = directoryOf(t);
  chmodSync(directory, 0o755);
  const { out } = await startWorker(t, 'unprivileged', join(directory, 'cells.db')).exited;
  assert.equal(JSON.parse(out), 'READ_ONLY');
  assert.deepEqual(readdirSync(directory), []);
});

test('a file that is not a database is refused and left as it is', async (t) => {
  const file = join(directoryOf(t), 'cells.db');
  writeFileSync(file, 'not a database at all');
  await assert.rejects(openSqlite({ file, schema: cells }), { code: 'NOT_A_STORE' });
  assert.equal(readFileSync(file, 'utf8'), 'not a database at all');
});

test('a file cut short or with a bit flipped gives a typed error or what was written', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(increment);
  await engine.close();
  const good = readFileSync(file);
  const look = async (bytes: Buffer, what: string) => {
    const copy = join(directoryOf(t), 'cells.db');
    writeFileSync(copy, bytes);
    try {
      await using damaged = await openSqlite({ file: copy, schema: cells });
      await damaged.read(() => getCell(1));
    } catch (error) {
      assert.ok(error instanceof HoldfastError, `${what}: ${error}`);
    }
  };
  for (let length = 0; length < good.length; length += 257) {
    await look(good.subarray(0, length), `cut to ${length}`);
  }
  for (let bit = 0; bit < 120 * 8; bit += 5) {
    const bytes = Buffer.from(good);
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    await look(bytes, `bit ${bit}`);
  }
});

test('close waits for what is queued; afterwards every call is CLOSED', async (t) => {
  const { engine, file } = await openCells(t);
  const queued = Array.from({ length: 300 }, () => engine.write(increment));
  const closing = engine.close();
  assert.equal((await Promise.all(queued)).at(-1), 300);
  await Promise.all([closing, engine.close(), engine[Symbol.asyncDispose]()]);
  const closed = { code: 'CLOSED' };
  await assert.rejects(engine.write(increment), closed);
  await assert.rejects(engine.read(count), closed);
  assert.throws(() => engine.peek(new Warm(count)), closed);
  const { engine: again } = await openCells(t, { file });
  assert.equal(await again.read(() => getCell(1)), 300);
});

test('an aborted write rejects with its reason and writes nothing, before and during a wait', async (t) => {
  const { engine, file } = await openCells(t);
  await engine.write(increment);
  const reason = new Error('enough');
  await assert.rejects(engine.write(increment, { signal: AbortSignal.abort(reason) }), reason);
  const other = new WriterLock(file.replace(/\.db$/, '.lock'));
  t.after(() => other.close());
  assert.ok(other.tryAcquire());
  const abort = new AbortController();
  const waiting = engine.write(increment, { signal: abort.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort(reason);
  await assert.rejects(waiting, reason);
  other.release();
  assert.equal(await engine.write(increment), 2);
});

test('timers run while writes follow each other without a pause, and while one waits', async (t) => {
  const { engine, file } = await openCells(t);
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
  }, 1);
  t.after(() => clearInterval(ticking));
  const from = monotonicMs();
  while (monotonicMs() - from < 300) await engine.write(increment);
  assert.ok(ticks > 3, `${ticks} ticks beside writes`);
  const other = new WriterLock(file.replace(/\.db$/, '.lock'));
  t.after(() => other.close());
  assert.ok(other.tryAcquire());
  ticks = 0;
  await assert.rejects(engine.write(increment, { lockTimeoutMs: 200 }), { code: 'LOCK_TIMEOUT' });
  assert.ok(ticks > 3, `${ticks} ticks beside a wait`);
  other.release();
});

test('a foreign program that holds the database is waited for, up to the budget', async (t) => {
  const { engine, file } = await openCells(t);
  const foreign = new DatabaseSync(file);
  t.after(() => foreign.close());
  foreign.exec('BEGIN IMMEDIATE');
  await assert.rejects(engine.write(increment, { lockTimeoutMs: 100 }), { code: 'LOCK_TIMEOUT' });
  const waiting = engine.write(increment);
  setTimeout(() => foreign.exec('ROLLBACK'), 50);
  assert.equal(await waiting, 1);
});

test('changes hints at a commit of another handle', async (t) => {
  const { engine, file } = await openCells(t);
  const other = await openCells(t, { file });
  await engine.write(increment);
  const changes = engine.changes(AbortSignal.timeout(20_000));
  const next = changes.next();
  await other.engine.write(increment);
  assert.equal((await next).done, false);
});
