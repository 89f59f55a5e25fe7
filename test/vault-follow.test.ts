import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { type AuditRecord, type AuditSink, FileSink, MemorySink, Vault } from '../src/vault.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';

async function openMemory(t: TestContext, name: string = randomUUID()): Promise<Vault> {
  const vault = await Vault.open({ ephemeral: true, name });
  t.after(() => vault.close());
  return vault;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Follows until `condition` holds. */
async function followUntil(
  vault: Vault,
  sink: AuditSink,
  condition: () => boolean,
  options: { readonly name?: string; readonly after?: number } = {},
): Promise<void> {
  const controller = new AbortController();
  const following = vault.audit.follow(sink, { ...options, signal: controller.signal });
  await Promise.race([following, until(condition)]);
  controller.abort();
  await following;
}

const sequencesOf = (records: readonly AuditRecord[]) => records.map(({ sequence }) => sequence);
const countTo = (end: number) => Array.from({ length: end }, (_, index) => index + 1);

function linesOf(file: string): AuditRecord[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe('a follower in memory', () => {
  test('has what was and what comes, by any handle, in its order', async (t) => {
    const name = randomUUID();
    const [vault, other] = [await openMemory(t, name), await openMemory(t, name)];
    const { id } = await vault.create();
    const sink = new MemorySink();
    const following = vault.audit.follow(sink);
    await until(() => sink.entries.length === 2);
    await other.rotate(id);
    await until(() => sink.entries.length === 3);
    await other.revoke(id);
    await vault.close();
    await following;
    assert.deepEqual(sink.entries, await other.audit.read());
    assert.equal(sink.count(), 4);
    assert.equal(sink.count('KeyRotated'), 1);
    sink.clear();
    assert.deepEqual([sink.count(), sink.entries], [0, []]);
    await assert.rejects(vault.audit.follow(sink), { code: 'CLOSED' });
  });

  test('begins behind an event, and ends with its signal', async (t) => {
    const vault = await openMemory(t);
    for (let count = 0; count < 3; count += 1) await vault.create();
    const sink = new MemorySink();
    await followUntil(vault, sink, () => sink.count() === 2, { after: 2 });
    assert.deepEqual(sequencesOf(sink.entries), [3, 4]);
    await vault.create();
    assert.equal(sink.count(), 2);
    await vault.audit.follow(sink, { signal: AbortSignal.abort() });
    assert.equal(sink.count(), 2);
    sink.clear();
    await followUntil(vault, sink, () => sink.count() === 1);
    assert.deepEqual(sequencesOf(sink.entries), [5]);
  });

  test('has many pages of what was', async (t) => {
    const vault = await openMemory(t);
    await Promise.all(Array.from({ length: 1200 }, () => vault.create()));
    const sink = new MemorySink();
    await followUntil(vault, sink, () => sink.count() === 1201);
    assert.deepEqual(sequencesOf(sink.entries), countTo(1201));
  });
});

describe('a sink', () => {
  test('that fails ends the following with its error, and is asked again for what it did not take', async (t) => {
    const vault = await openMemory(t);
    await vault.create();
    const taken: number[] = [];
    let failing: unknown = new Error('full');
    const sink: AuditSink = {
      write(records) {
        if (failing) throw failing;
        taken.push(...sequencesOf(records));
      },
    };
    await assert.rejects(vault.audit.follow(sink, { name: 'mine' }), new Error('full'));
    await vault.create();
    failing = undefined;
    await followUntil(vault, sink, () => taken.length === 3, { name: 'mine' });
    await vault.create();
    await followUntil(vault, sink, () => taken.length === 4, { name: 'mine' });
    assert.deepEqual(taken, [1, 2, 3, 4]);
    await followUntil(vault, sink, () => taken.length === 8, { name: 'other' });
    assert.deepEqual(taken, [1, 2, 3, 4, 1, 2, 3, 4]);
  });

  test('is where it was when what it wrote could not be kept', async (t) => {
    const vault = await openMemory(t);
    const taken: number[] = [];
    const sink: AuditSink = {
      write: (records) => void taken.push(...sequencesOf(records)),
      flush: () => (taken.length === 1 ? Promise.reject(new Error('lost')) : undefined),
    };
    await assert.rejects(vault.audit.follow(sink, { name: 'mine' }), new Error('lost'));
    await followUntil(vault, sink, () => taken.length === 2, { name: 'mine' });
    assert.deepEqual(taken, [1, 1]);
  });

  test('that hangs keeps no write waiting, and is asked for one thing at a time', async (t) => {
    const vault = await openMemory(t);
    const gate = Promise.withResolvers<void>();
    const taken: number[] = [];
    let asked = 0;
    const following = vault.audit.follow({
      async write(records) {
        asked += 1;
        await gate.promise;
        asked -= 1;
        assert.equal(asked, 0);
        taken.push(...sequencesOf(records));
      },
    });
    await until(() => asked === 1);
    for (let count = 0; count < 50; count += 1) await vault.create();
    assert.deepEqual([asked, taken], [1, []]);
    gate.resolve();
    await vault.close();
    await following;
    assert.deepEqual(taken, countTo(51));
  });

  test('must write, and has a plain name', async (t) => {
    const vault = await openMemory(t);
    await assert.rejects(vault.audit.follow({} as AuditSink), TypeError);
    for (const name of ['', 'a b', 'x'.repeat(65)]) {
      await assert.rejects(vault.audit.follow(new MemorySink(), { name }), RangeError);
    }
  });

  test('is remembered in the file of the vault, where nobody can make it miss an event', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const taken: number[] = [];
    const sink = {
      write: (records: readonly AuditRecord[]) => void taken.push(...sequencesOf(records)),
    };
    await vault.create();
    await followUntil(vault, sink, () => taken.length === 2, { name: 'mine' });
    await followUntil(vault, sink, () => taken.length === 3, { name: 'other', after: 1 });
    await vault.close();
    const again = await openVault(t, dir);
    await again.create();
    await followUntil(again, sink, () => taken.length === 4, { name: 'mine' });
    assert.deepEqual(taken, [1, 2, 2, 3]);
    const database = new DatabaseSync(join(dir, 'vault.db'));
    t.after(() => database.close());
    const theirs = "(SELECT position FROM followers WHERE name = 'other')";
    for (const forged of [theirs, "x'0000000000000009'", "x''"]) {
      database.exec(`UPDATE followers SET position = ${forged} WHERE name = 'mine'`);
      await assert.rejects(again.audit.follow(sink, { name: 'mine' }), { code: 'TAMPERED' });
    }
    assert.equal(taken.length, 4);
  });
});

describe('a followed file', () => {
  test('has a line for each record, and goes on where it was', async (t) => {
    const dir = directoryOf(t);
    const file = join(dir, 'audit.jsonl');
    const vault = await openVault(t, dir);
    await vault.secrets.set('name', Buffer.from('canary'));
    const following = vault.audit.follow(new FileSink(file));
    await until(() => linesOf(file).length === 2);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await vault.create({ material: Buffer.alloc(32, 'canary') });
    await vault.close();
    await following;
    const again = await openVault(t, dir);
    await again.create();
    const more = again.audit.follow(new FileSink(file));
    await again.create();
    await again.close();
    await more;
    const records = await (await openVault(t, dir)).audit.read();
    assert.deepEqual(linesOf(file), records);
    assert.ok(!readFileSync(file).includes('canary'));
  });

  test('that was torn is made whole again', async (t) => {
    const dir = directoryOf(t);
    const file = join(dir, 'audit.jsonl');
    const vault = await openVault(t, dir);
    for (let count = 0; count < 3; count += 1) await vault.create();
    const isWhole = () => linesOf(file).length === 4;
    await followUntil(vault, new FileSink(file), isWhole);
    const whole = readFileSync(file);
    for (const length of [whole.length - 1, whole.length - 40, 5, 0]) {
      truncateSync(file, length);
      await followUntil(vault, new FileSink(file), isWhole);
      assert.deepEqual(readFileSync(file), whole);
    }
  });

  test('of another vault, or of a later copy of this one, is refused and stays', async (t) => {
    const [dir, otherDir] = [directoryOf(t), directoryOf(t)];
    const file = join(dir, 'audit.jsonl');
    const [vault, other] = [await openVault(t, dir), await openVault(t, otherDir)];
    await vault.create();
    await followUntil(vault, new FileSink(file), () => linesOf(file).length === 2);
    const before = readFileSync(file);
    await assert.rejects(other.audit.follow(new FileSink(file)), { code: 'CONFLICT' });
    await other.create();
    await other.create();
    await assert.rejects(other.audit.follow(new FileSink(file)), { code: 'CONFLICT' });
    assert.deepEqual(readFileSync(file), before);
  });

  test('that is moved away ends the following, which goes on in a new one by its name', async (t) => {
    const dir = directoryOf(t);
    const file = join(dir, 'audit.jsonl');
    const vault = await openVault(t, dir);
    const following = vault.audit.follow(new FileSink(file), { name: 'file' });
    const ended = assert.rejects(following, { code: 'STORE_REPLACED' });
    await until(() => linesOf(file).length === 1);
    renameSync(file, `${file}.1`);
    await vault.create();
    await ended;
    await followUntil(vault, new FileSink(file), () => linesOf(file).length === 1, {
      name: 'file',
    });
    const both = [...linesOf(`${file}.1`), ...linesOf(file)];
    assert.deepEqual(both, await vault.audit.read());
  });

  test('cannot be where nothing can be written, and tells why', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const nowhere = new FileSink(join(dir, 'none', 'audit.jsonl'));
    await assert.rejects(vault.audit.follow(nowhere), { code: 'IO_ERROR' });
    await assert.rejects(vault.audit.follow(new FileSink(dir)), { code: 'IO_ERROR' });
    const letter = join(dir, 'letter');
    writeFileSync(letter, 'dear somebody\n');
    await assert.rejects(vault.audit.follow(new FileSink(letter)), { code: 'FORMAT_INVALID' });
    assert.equal(readFileSync(letter, 'utf8'), 'dear somebody\n');
  });

  test('is followed into by one at a time, and the next one takes over', async (t) => {
    const dir = directoryOf(t);
    const file = join(dir, 'audit.jsonl');
    const [first, second] = [await openVault(t, dir), await openVault(t, dir)];
    const following = first.audit.follow(new FileSink(file));
    await until(() => linesOf(file).length === 1);
    // By another name: it is the file that counts.
    symlinkSync(file, `${file}.link`);
    const waiting = second.audit.follow(new FileSink(`${file}.link`));
    await first.close();
    await following;
    await second.create();
    await until(() => linesOf(file).length === 2);
    const third = await openVault(t, dir);
    const idle = third.audit.follow(new FileSink(file));
    await third.close();
    await idle;
    await second.close();
    await waiting;
    assert.deepEqual(sequencesOf(linesOf(file)), [1, 2]);
  });
});

test('processes that are killed while they follow lose, tear and repeat no line', async (t) => {
  const dir = directoryOf(t);
  const file = join(dir, 'audit.jsonl');
  const vault = await openVault(t, dir);
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const script = join(import.meta.dirname, 'vault', 'follow-child.ts');
  const start = async () => {
    const child = spawn(process.execPath, [script, dir, file], {
      ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  const { id } = await vault.create();
  let isOver = false;
  const writing = (async () => {
    for (let turn = 0; !isOver; turn += 1) {
      const label = `turn ${turn}`;
      await Promise.all(Array.from({ length: 10 }, () => vault.update(id, { label })));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  const sizeBytes = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // Two at a time: one that follows, and one that waits for its turn.
  const children = await Promise.all([start(), start()]);
  for (let round = 0; round < 3; round += 1) {
    const next = start();
    const before = sizeBytes();
    await until(() => sizeBytes() > before);
    const [oldest] = children.splice(0, 1);
    oldest?.kill('SIGKILL');
    children.push(await next);
  }
  isOver = true;
  await writing;
  const records = await vault.audit.read({ limit: 10_000 });
  const expected = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await until(() => sizeBytes() >= expected.length);
  assert.ok(records.length > 50, `${records.length} events`);
  assert.equal(readFileSync(file, 'utf8'), expected);
});
