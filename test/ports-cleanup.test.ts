import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshDirectory, openPorts, storedRows } from './ports-store.ts';

const DAY_MS = 86_400_000;

function names(rows: readonly { readonly path: string }[], root: string): string[] {
  return rows.map(({ path }) => path.slice(root.length + 1));
}

describe('pruning', () => {
  test('removes what is missing or no directory, and keeps what it cannot judge', async (t) => {
    const root = freshDirectory(t);
    const { ports, dir } = await openPorts(t);
    mkdirSync(join(root, 'here'));
    writeFileSync(join(root, 'file'), '');
    symlinkSync('here', join(root, 'link'));
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    for (const name of ['here', 'file', 'file/below', 'link', 'dangling', 'loop', 'gone']) {
      await ports.reserve(join(root, name));
    }
    await ports.reserve(join(root, 'gone'), { tag: 'web' });
    const doomed = ['dangling', 'file', 'file/below', 'gone', 'gone'];
    const dry = await ports.prune({ dryRun: true });
    assert.deepEqual(names(dry.pruned, root), doomed);
    assert.equal(storedRows(dir).length, 8);
    const done = await ports.prune();
    assert.deepEqual(names(done.pruned, root), doomed);
    assert.deepEqual(names(storedRows(dir), root), ['here', 'link', 'loop']);
    assert.equal(done.warnings.length, 1);
    assert.match(
      done.warnings[0] ?? '',
      /^could not inspect reserved directory .*\/loop \(symlink loop: .*\); reservation preserved by prune\. /,
    );
    assert.deepEqual((await ports.prune()).pruned, []);
  });

  test('looks at more directories than one page holds', async (t) => {
    const root = freshDirectory(t);
    const { ports } = await openPorts(t, { policy: { max: 9000 } });
    mkdirSync(join(root, '0'));
    const paths = Array.from({ length: 1201 }, (_, index) => join(root, `${index}`));
    await Promise.all(paths.map((path) => ports.reserve(path)));
    assert.equal((await ports.prune()).pruned.length, 1200);
    assert.deepEqual(names((await ports.list()).items, root), ['0']);
  });
});

describe('expiring', () => {
  test('removes what was last used more than so many days ago, to the second', async (t) => {
    let now = 100 * DAY_MS;
    const { ports, dir } = await openPorts(t, { now: () => now });
    await ports.reserve('/old');
    now += 1000;
    await ports.reserve('/edge');
    now += 7 * DAY_MS;
    assert.deepEqual(names((await ports.expire({ days: 7, dryRun: true })).expired, ''), ['old']);
    assert.equal(storedRows(dir).length, 2);
    await ports.expire({ days: 7 });
    assert.deepEqual(
      storedRows(dir).map(({ path }) => path),
      ['/edge'],
    );
    assert.deepEqual((await ports.expire()).expired, []);
    await assert.rejects(ports.expire({ days: 0 }), { code: 'CONFIG_INVALID' });
  });

  test('never removes what is used again meanwhile', async (t) => {
    const root = freshDirectory(t);
    let now = 100 * DAY_MS;
    const { ports, dir } = await openPorts(t, { now: () => now });
    const paths = Array.from({ length: 30 }, (_, index) => join(root, `${index}`));
    for (const path of paths) mkdirSync(path);
    await Promise.all(paths.map((path) => ports.reserve(path)));
    now += 8 * DAY_MS;
    const used = paths.slice(0, 15).map((path) => ports.reserve(path));
    await Promise.all([...used, ports.expire({ days: 7 }), ports.autoclean({ days: 7 })]);
    assert.deepEqual(
      storedRows(dir).map(({ path }) => path),
      paths.slice(0, 15).sort(),
    );
  });
});

test('cleaning both ways counts what both concern as pruned', async (t) => {
  const root = freshDirectory(t);
  let now = 100 * DAY_MS;
  const { ports, dir } = await openPorts(t, { now: () => now });
  for (const name of ['old', 'new']) mkdirSync(join(root, name));
  for (const name of ['old', 'gone']) await ports.reserve(join(root, name));
  now += 8 * DAY_MS;
  await ports.reserve(join(root, 'new'));
  for (const dryRun of [true, false]) {
    const { pruned, expired } = await ports.autoclean({ days: 7, dryRun });
    assert.deepEqual([names(pruned, root), names(expired, root)], [['gone'], ['old']]);
  }
  assert.deepEqual(names(storedRows(dir), root), ['new']);
});
