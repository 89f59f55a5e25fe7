import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lossyCounter } from './torture/counters.ts';
import { soundLedger } from './torture/ledgers.ts';
import { complaints, LIMIT, reportOf } from './torture/real-runs.ts';
import { soundRegister } from './torture/registers.ts';

describe('modes', () => {
  const small = { clients: 2, operations: 40, schedules: 30 } as const;

  test('are tried in turn by auto, as far as a store can be in them', LIMIT, async (t) => {
    const { runs, verdict } = await reportOf(t, soundRegister, { ...small, seed: 'auto' });
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['threads', 'processes', 'crash'],
    );
    assert.equal(verdict, 'ok', runs.map(complaints).join());
    assert.match(runs[0]?.notes.join() ?? '', /^not interleaved: the store cannot be simulated: /);
    assert.deepEqual(
      runs[2]?.faults.map(({ fault }) => fault),
      ['kill', 'crash-images'],
    );
    assert.ok(runs.every(({ faults, mode }) => mode === 'crash' || faults.length === 0));
  });

  test('are not tried when one of them has found a violation', LIMIT, async (t) => {
    const { runs, verdict } = await reportOf(t, lossyCounter, small);
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['interleave'],
    );
    assert.equal(verdict, 'violation');
  });

  test('that a declaration does not want are left out', LIMIT, async (t) => {
    const some = { ...lossyCounter, modes: ['threads', 'processes'] as const };
    const { runs } = await reportOf(t, some, small);
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['threads'],
    );
  });

  test(
    'are run with each number of clients of a matrix, and the worst is the verdict',
    LIMIT,
    async (t) => {
      const options = { ...small, matrix: [1, 3], mode: 'both' } as const;
      const { runs, verdict } = await reportOf(t, lossyCounter, options);
      assert.deepEqual(
        runs.map(({ mode, title, clients }) => ({ mode, title, clients })),
        [
          { mode: 'threads', title: '1 client', clients: 1 },
          { mode: 'threads', title: '3 clients', clients: 3 },
          { mode: 'processes', title: '1 client', clients: 1 },
          { mode: 'processes', title: '3 clients', clients: 3 },
        ],
      );
      assert.deepEqual(
        runs.map((run) => run.verdict),
        ['ok', 'violation', 'ok', 'violation'],
      );
      assert.equal(verdict, 'violation');
      const refused = reportOf(t, soundLedger, { matrix: [1, 2] });
      await assert.rejects(refused, { name: 'RangeError', message: /has a plan/ });
    },
  );
});
