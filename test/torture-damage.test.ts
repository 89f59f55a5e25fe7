import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { damage } from '../src/torture.ts';
import { broken, complaints, faultOf, LIMIT, runOf, runUntil } from './torture/real-runs.ts';
import {
  abortingValue,
  checkedValue,
  searchingValue,
  uncheckedValue,
  unspecified,
  waitingValue,
} from './torture/values.ts';

const mode = 'processes';

describe('files that are damaged', () => {
  test(
    'are refused by a store that keeps checksums, whatever is cut and whichever bit is turned',
    LIMIT,
    async (t) => {
      const faults = [damage({ kinds: ['truncate', 'flip'] })];
      const run = await runOf(t, checkedValue, { mode, faults });
      assert.equal(run.verdict, 'ok', complaints(run));
      const { armed, hit } = faultOf(run, 'damage');
      assert.equal(hit, armed);
      const [note = ''] = run.notes;
      // Of one repetition, of which there are more where the clients have not met.
      const [, times] = /^damage: (\d+); the store refused \1, .* the rest but 0$/.exec(note) ?? [];
      assert.ok(Number(times) > 200, note);
    },
  );

  test('make a store without checksums answer what was never written', LIMIT, async (t) => {
    const faults = [damage({ kinds: ['truncate', 'flip'], limit: 12 })];
    const run = await runOf(t, uncheckedValue, { mode, faults });
    assert.deepEqual(broken(run), ['damage']);
    assert.match(
      run.violations[0]?.message ?? '',
      /^value at byte \d+.* went unnoticed: get answered/,
    );
  });

  test('take nobody with them but the worker that reads them', LIMIT, async (t) => {
    const faults = [damage({ kinds: ['truncate'], limit: 2 })];
    const run = await runOf(t, abortingValue, { mode, faults });
    assert.equal(run.violations.length + (run.violations[0]?.alike ?? 0), 2, complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^value at byte \d+: .* killed by SIGABRT/);
  });

  for (const declared of [searchingValue, waitingValue]) {
    test(`are not looked at for ever: a ${declared.name} is given up`, LIMIT, async (t) => {
      const faults = [damage({ kinds: ['truncate'], limit: 1 })];
      const run = await runOf(t, declared, { mode, faults, stallMs: 1000 });
      const [found] = run.violations;
      assert.match(
        found?.message ?? '',
        /^value at byte \d+: the store was not read within 1000 ms$/,
      );
    });
  }

  test('say nothing of a store whose answers no spec explains', LIMIT, async (t) => {
    const faults = [damage({ kinds: ['truncate'], limit: 3 })];
    // Its few calls do not always meet.
    const options = { mode, faults } as const;
    const run = await runUntil(t, unspecified, options, ({ verdict }) => verdict !== 'unknown');
    assert.equal(run.verdict, 'ok', complaints(run));
    assert.match(run.notes.join(), /nobody can say whether it was right/);
  });
});
