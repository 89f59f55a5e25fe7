import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { WriterLock } from '../../engine/lock.ts';
import { editFile } from './edit.ts';
import { addExclusions, compactExclusions, exclusionTarget } from './exclude.ts';
import { compactRanges } from './exclusions.ts';
import { readLayer } from './file.ts';
import { loadConfig } from './load.ts';
import { createUserConfig } from './template.ts';

function place(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-exclude-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  const file = join(root, 'trop.yaml');
  const write = (text: string) => writeFileSync(file, text);
  const text = () => readFileSync(file, 'utf8');
  return { root, dataDir, file, write, text };
}

const port = (min: number, max = min) => ({ min, max });

describe('adding exclusions', () => {
  test('only the new entry appears; comments and order stay', async (t) => {
    const { dataDir, file, write, text } = place(t);
    write(
      '# head\n\nproject: test # mine\n\n# ports\nexcluded_ports:\n  - 80 # http\noutput_format: csv\n',
    );
    const { added } = await addExclusions(file, [port(8080), port(8085, 8090)], { dataDir });
    assert.equal(added.length, 2);
    assert.equal(
      text(),
      '# head\n\nproject: test # mine\n\n# ports\nexcluded_ports:\n  - 80 # http\n  - 8080\n' +
        '  - start: 8085\n    end: 8090\noutput_format: csv\n',
    );
  });

  test('what is covered already is left alone, down to the time of the file', async (t) => {
    const { dataDir, file, write } = place(t);
    write('excluded_ports: [8080, "8085..8090"]\n');
    const before = statSync(file);
    const wanted = [port(8080), port(8085, 8090), port(8087, 8090)];
    assert.deepEqual((await addExclusions(file, wanted, { dataDir })).added, []);
    const after = statSync(file);
    assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
  });

  test('no key is written that was absent, so that a private file clears no group', async (t) => {
    const { root, dataDir, file, write } = place(t);
    write('reservations: {services: {web: {}}}\n');
    const local = join(root, 'trop.local.yaml');
    writeFileSync(local, '# private\n');
    const place_ = { cwd: root, dataDir };
    assert.equal(exclusionTarget(place_), local);
    await addExclusions(exclusionTarget(place_), [port(8080)], { dataDir });
    assert.equal(readFileSync(local, 'utf8'), '# private\n\nexcluded_ports:\n  - 8080\n');
    const { reservations, projectFile } = await loadConfig({ ...place_, env: {}, cli: {} });
    assert.ok(reservations);
    assert.equal(projectFile, file);
  });

  test('every form of a list takes an entry', async (t) => {
    const { dataDir, file, write } = place(t);
    const forms = [
      '',
      '# only a comment\n',
      '---\n',
      '# before\n--- # beside\n# after\n',
      '~ # nothing\n',
      'excluded_ports:\n',
      'excluded_ports: []\n',
      'excluded_ports: [80, 90]\n',
      'excluded_ports:\n- 80\n- {start: 90, end: 95}\n',
      '{"excluded_ports": [80]}\n',
      'project: x\r\nexcluded_ports:\r\n  - 80\r\n',
      '\ufeffproject: x\n',
    ];
    for (const form of forms) {
      write(form);
      const before = (await readLayer(file, 'project'))?.excluded ?? [];
      await addExclusions(file, [port(8080)], { dataDir });
      const after = (await readLayer(file, 'project'))?.excluded;
      assert.deepEqual(after, [...before, port(8080)], JSON.stringify(form));
    }
  });

  test('an entry of a list that stands elsewhere too is not added there', async (t) => {
    const { dataDir, file, write } = place(t);
    write('excluded_ports: &ports [80]\n');
    await addExclusions(file, [port(81)], { dataDir });
    assert.deepEqual((await readLayer(file, 'project'))?.excluded, [port(80), port(81)]);
  });

  test('a file that is not valid is refused and not touched', async (t) => {
    const { dataDir, file, write, text } = place(t);
    for (const broken of ['{', 'unknown: 1\n', 'ports: {min: 2, max: 1}\n']) {
      write(broken);
      utimesSync(file, 1, 1);
      await assert.rejects(addExclusions(file, [port(1)], { dataDir }), (error: Error) =>
        error.message.includes(file),
      );
      assert.equal(text(), broken);
    }
    for (const other of ['config.toml', 'config.json']) {
      await assert.rejects(addExclusions(other, [port(1)], { dataDir }), {
        code: 'CONFIG_INVALID',
        message: /only YAML/,
      });
    }
  });

  test('links are followed and kept, and so is the mode of the file', async (t) => {
    const { root, dataDir, file, write, text } = place(t);
    write('project: x\n');
    chmodSync(file, 0o640);
    mkdirSync(join(root, 'sub'));
    const link = join(root, 'sub', 'trop.yaml');
    symlinkSync('../trop.yaml', link);
    await addExclusions(link, [port(8080)], { dataDir });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.match(text(), /8080/);
    assert.equal(statSync(file).mode & 0o777, 0o640);
  });

  test('a user file that is created belongs to the user alone', async (t) => {
    const { root, dataDir } = place(t);
    const target = exclusionTarget({ cwd: root, dataDir, global: true });
    await addExclusions(target, [port(9000)], { dataDir });
    assert.equal(target, join(dataDir, 'config.yaml'));
    assert.equal(statSync(target).mode & 0o777, 0o600);
    assert.deepEqual((await readLayer(target, 'user'))?.excluded, [port(9000)]);
  });

  test('nothing lies about afterwards, and what a killed process left is removed in time', async (t) => {
    const { root, dataDir, file, write } = place(t);
    write('project: x\n');
    const old = join(root, '.trop.yaml.1-0-5.tmp');
    const recent = join(root, '.trop.yaml.2-0-5.tmp');
    const foreign = join(root, '.trop.yaml.swp');
    for (const leftover of [old, recent, foreign]) writeFileSync(leftover, 'half');
    utimesSync(old, 1, 1);
    utimesSync(foreign, 1, 1);
    await addExclusions(file, [port(8080)], { dataDir });
    assert.deepEqual(readdirSync(root).sort(), [
      '.trop.yaml.2-0-5.tmp',
      '.trop.yaml.swp',
      'data',
      'trop.yaml',
    ]);
  });

  test('an edit by another program in between is kept', async (t) => {
    const { dataDir, file, write, text } = place(t);
    write('project: x\n');
    let runs = 0;
    await editFile(file, { dataDir }, ({ document }) => {
      runs += 1;
      if (runs === 1) write('project: y # by hand\n');
      document.set('excluded_ports', [runs]);
      return true;
    });
    assert.equal(runs, 2);
    assert.equal(text(), 'project: y # by hand\nexcluded_ports:\n  - 2\n');
  });

  test('waiting for the lock ends when the budget does', async (t) => {
    const { dataDir, file, write, text } = place(t);
    write('project: x\n');
    mkdirSync(dataDir);
    const lock = new WriterLock(join(dataDir, 'config.lock'));
    assert.ok(lock.tryAcquire());
    const edit = addExclusions(file, [port(8080)], { dataDir, lockTimeoutMs: 20 });
    await assert.rejects(edit, { code: 'LOCK_TIMEOUT' });
    lock.release();
    lock.close();
    assert.equal(text(), 'project: x\n');
  });

  test('forty edits of one process at once lose nothing', async (t) => {
    const { dataDir, file } = place(t);
    const ports = Array.from({ length: 40 }, (_, index) => 8000 + 2 * index);
    await Promise.all(
      ports.map((one) => addExclusions(file, [port(one)], { dataDir, lockTimeoutMs: 60_000 })),
    );
    const excluded = (await readLayer(file, 'project'))?.excluded ?? [];
    assert.deepEqual(
      excluded.map(({ min }) => min).sort((a, b) => a - b),
      ports,
    );
  });
});

describe('compacting exclusions', () => {
  test('overlapping and adjacent ones join, entries that stay keep their comments', async (t) => {
    const { dataDir, file, write, text } = place(t);
    write(
      'excluded_ports:\n  - 9000 # the printer\n  - start: 8080\n    end: 8085\n  - "8083..8090"\n  - 8091\n' +
        'project: x # last\n',
    );
    const { before, after } = await compactExclusions(file, { dataDir });
    assert.deepEqual([before, after], [4, 2]);
    assert.equal(
      text(),
      'excluded_ports:\n  - start: 8080\n    end: 8091\n  - 9000 # the printer\nproject: x # last\n',
    );
  });

  test('nothing is written when nothing joins, nothing is there, or in a dry run', async (t) => {
    const { dataDir, file, write, text } = place(t);
    const counts = async (content: string, dryRun = false) => {
      write(content);
      const { before, after } = await compactExclusions(file, { dataDir, dryRun });
      assert.equal(text(), content);
      return [before, after];
    };
    assert.deepEqual(await counts('excluded_ports: [9000, 8080]\n'), [2, 2]);
    assert.deepEqual(await counts('project: x\n'), [0, 0]);
    assert.deepEqual(await counts('excluded_ports: [80, 81]\n', true), [2, 1]);
    assert.ok(!existsSync(join(dataDir, 'config.lock')));
  });

  test('a file that is not there is said to be missing', async (t) => {
    const { root, dataDir } = place(t);
    await assert.rejects(compactExclusions(join(root, 'zz.yaml'), { dataDir }), {
      code: 'CONFIG_NOT_FOUND',
    });
  });

  test('new exclusions can be joined with the old in the same step', async (t) => {
    const { dataDir, file, write, text } = place(t);
    write('excluded_ports:\n  - 8080\n');
    const options = { dataDir, compact: true };
    const done = await addExclusions(file, [port(8081), port(8082), port(9000)], options);
    assert.equal(done.added.length, 3);
    assert.deepEqual([done.compacted?.before, done.compacted?.after], [4, 2]);
    assert.equal(text(), 'excluded_ports:\n  - start: 8080\n    end: 8082\n  - 9000\n');
  });

  test('any sequence of edits leaves the ports that a set would hold', async (t) => {
    const { dataDir, file, write } = place(t);
    const range = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(4))
      .map(([min, length]) => port(min, min + length));
    const edits = fc.array(
      fc.record({ ranges: fc.array(range, { maxLength: 3 }), compact: fc.boolean() }),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (steps) => {
        write('# head\nproject: x # mine\n');
        for (const { ranges, compact } of steps) {
          await addExclusions(file, ranges, { dataDir, compact });
        }
        const layer = await readLayer(file, 'project');
        const model = compactRanges(steps.flatMap(({ ranges }) => ranges));
        assert.deepEqual(compactRanges(layer?.excluded ?? []), model);
        assert.equal(layer?.project, 'x');
        assert.match(readFileSync(file, 'utf8'), /^# head\nproject: x # mine\n/);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the explained user file', () => {
  test('changes nothing, passes as valid once its comments are settings, and is kept', async (t) => {
    const { root, dataDir } = place(t);
    const load = () => loadConfig({ cwd: root, dataDir, env: {}, cli: {} });
    const { files: none, ...before } = await load();
    assert.equal(await createUserConfig({ dataDir }), true);
    const { files, ...after } = await load();
    assert.deepEqual([none, after, files.length], [[], before, 1]);
    const file = join(dataDir, 'config.yaml');
    const uncommented = readFileSync(file, 'utf8').replace(/^# ((?: |\w+:).*)$/gm, '$1');
    writeFileSync(file, uncommented);
    const { policy } = await load();
    assert.deepEqual([policy.max, policy.excluded.length], [7000, 2]);
    assert.equal(await createUserConfig({ dataDir }), false);
    assert.equal(readFileSync(file, 'utf8'), uncommented);
  });

  test('keeps its explanations when an exclusion is added', async (t) => {
    const { root, dataDir } = place(t);
    await createUserConfig({ dataDir });
    const file = exclusionTarget({ cwd: root, dataDir });
    const before = readFileSync(file, 'utf8');
    await addExclusions(file, [port(9000)], { dataDir });
    assert.equal(readFileSync(file, 'utf8'), `${before}\nexcluded_ports:\n  - 9000\n`);
  });
});
