import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { littering, tidy, waitingForOthers } from './torture/leaky.ts';
import { broken, complaints, LIMIT, LINUX, runOf } from './torture/real-runs.ts';

const mode = 'processes';

describe('leaks', () => {
  test('of descriptors, files and processes are told by name', LINUX, async (t) => {
    const run = await runOf(t, littering, { mode });
    const found = run.leaks.filter(({ isLeak }) => isLeak);
    const left = new Map(found.map(({ what, names }) => [what, names.join()]));
    assert.match(left.get('descriptors') ?? '', /kept \(\d+ times\)/);
    assert.match(left.get('files') ?? '', /left-/);
    assert.match(left.get('children') ?? '', /cat/);
    assert.deepEqual(broken(run), ['no-leak'], complaints(run));
    assert.equal(run.violations.length, found.length);
  });

  test('are not found where there are none', LINUX, async (t) => {
    const run = await runOf(t, tidy, { mode });
    assert.equal(run.verdict, 'ok', complaints(run));
    assert.deepEqual(
      run.leaks.map(({ isLeak }) => isLeak),
      [false, false, false, false],
    );
  });

  test(
    'cannot be looked for in a store that waits for others, and that is no violation',
    LIMIT,
    async (t) => {
      const run = await runOf(t, waitingForOthers, { mode, limitMs: 4000, stallMs: 500 });
      assert.equal(run.verdict, 'unknown', complaints(run));
      assert.match(run.reason ?? '', /leaks could not be looked for: that took longer than/);
    },
  );
});
