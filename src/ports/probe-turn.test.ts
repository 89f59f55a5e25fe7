import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { monotonicMs } from '../engine/clock.ts';
import { WriterLock } from '../engine/lock.ts';
import { inProbeTurn } from './probe-turn.ts';

describe('the turn to probe', () => {
  let directory: string;
  const usual = process.env.TMPDIR;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-turn-'));
    process.env.TMPDIR = directory;
  });

  afterEach(() => {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
    rmSync(directory, { recursive: true });
  });

  const own = () => join(directory, `holdfast-${process.getuid?.()}`);

  test('keeps its lock in a directory that is closed to others', async () => {
    assert.equal(await inProbeTurn(async () => 'done'), 'done');
    assert.equal(statSync(own()).mode & 0o777, 0o700);
    assert.equal(statSync(join(own(), 'probe.lock')).mode & 0o777, 0o600);
  });

  test('waits until another has had its turn', async () => {
    await inProbeTurn(async () => undefined);
    const other = new WriterLock(join(own(), 'probe.lock'));
    assert.ok(other.tryAcquire());
    let begun = false;
    const turn = inProbeTurn(async () => {
      begun = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(begun, false);
    other.release();
    await turn;
    assert.equal(begun, true);
    other.close();
  });

  test('does not wait for ever for a process that has stopped in its turn', async () => {
    await inProbeTurn(async () => undefined);
    const other = new WriterLock(join(own(), 'probe.lock'));
    assert.ok(other.tryAcquire());
    const begun = monotonicMs();
    assert.equal(await inProbeTurn(async () => 'out of turn'), 'out of turn');
    assert.ok(monotonicMs() - begun < 4000);
    other.close();
  });

  test('goes without where the directory is open to others or is no directory', async () => {
    mkdirSync(own());
    chmodSync(own(), 0o777);
    assert.equal(await inProbeTurn(async () => 'done'), 'done');
    assert.deepEqual(readdirSync(own()), []);
    process.env.TMPDIR = join(directory, 'missing');
    assert.equal(await inProbeTurn(async () => 'done'), 'done');
  });
});
