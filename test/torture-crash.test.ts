import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashImages, kill } from '../src/torture.ts';
import { hastyLedger, rewritingLedger } from './torture/ledgers.ts';
import { lockFileCounter } from './torture/locked-counters.ts';
import { broken, complaints, faultOf, LIMIT, LINUX, runUntil } from './torture/real-runs.ts';
import { soundRegister } from './torture/registers.ts';

/** A round has time for one of them. */
const oneKill = kill({ everyMs: 5000 });

const mode = 'crash';

describe('mode crash', () => {
  test(
    'finds nothing in a register of SQLite, however often its clients are killed at work',
    LIMIT,
    async (t) => {
      const faults = [oneKill, crashImages({ everyMs: 30, limit: 3 })];
      const options = { mode, clients: 3, operations: 90, faults } as const;
      let [hits, images] = [0, 0];
      await runUntil(t, soundRegister, options, (run) => {
        assert.notEqual(run.verdict, 'violation', complaints(run));
        hits += faultOf(run, 'kill').hit;
        images += faultOf(run, 'crash-images').armed;
        return hits > 0 && images > 0;
      });
    },
  );

  test('blames a store that acknowledges before it writes', LIMIT, async (t) => {
    const options = { mode, faults: [oneKill] } as const;
    const run = await runUntil(t, hastyLedger, options, (one) => broken(one).length > 0);
    assert.deepEqual(broken(run), ['linearizable'], complaints(run));
  });

  test(
    'blames a store that empties a file before it writes it anew, by an image alone',
    LIMIT,
    async (t) => {
      const faults = [crashImages({ everyMs: 15, limit: 6 })];
      const options = { mode, faults, bails: true } as const;
      const run = await runUntil(t, rewritingLedger, options, (one) => broken(one).length > 0);
      assert.ok(broken(run).includes('linearizable'), complaints(run));
      assert.match(run.violations[0]?.message ?? '', /^after a crash at \d+\.\d ms: /);
      assert.deepEqual(
        run.faults.map(({ fault }) => fault),
        ['crash-images'],
      );
    },
  );

  test(
    'tells of a lock that a killed client has left, while the others still ask for it',
    LINUX,
    async (t) => {
      const options = { mode, faults: [kill({ everyMs: 40 })], stallMs: 700 } as const;
      const run = await runUntil(t, lockFileCounter, options, (one) => broken(one).length > 0);
      assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
      assert.match(run.violations[0]?.message ?? '', /^deadlock: /);
    },
  );

  test(
    'tells of a lock that a crash leaves, and waits for nobody who waits for it',
    LIMIT,
    async (t) => {
      const faults = [crashImages({ everyMs: 15, limit: 2 })];
      const options = { mode, faults, stallMs: 500 } as const;
      const run = await runUntil(t, lockFileCounter, options, (one) => broken(one).length > 0);
      assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
      assert.match(
        run.violations[0]?.message ?? '',
        /^after a crash at .* not read within 500 ms$/,
      );
    },
  );
});
