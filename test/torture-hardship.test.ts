import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diskFull, type Fault, fileLimit, syscalls } from '../src/torture.ts';
import { reportingLedger, soundLedger, swallowingLedger } from './torture/ledgers.ts';
import { broken, complaints, faultOf, LIMIT, runOf } from './torture/real-runs.ts';

const mode = 'processes';

const hardships: readonly Fault[] = [
  diskFull({ bytes: 16_384 }),
  fileLimit({ descriptors: 40 }),
  syscalls({
    calls: ['write'],
    action: { error: 'EIO' },
    when: { first: 3, step: 4 },
    paths: ['k0', 'k1'],
  }),
];

describe('a store that has a hard time', () => {
  for (const fault of hardships) {
    test(
      `of ${fault.kind} is blamed when it keeps quiet about errors, and only then`,
      LIMIT,
      async (t) => {
        const options = { mode, faults: [fault] } as const;
        const reporting = await runOf(t, reportingLedger, options);
        const { skipped, hit, armed } = faultOf(reporting, fault.kind);
        if (skipped !== undefined) return t.skip(skipped);
        assert.equal(reporting.verdict, 'ok', complaints(reporting));
        const { fail, ok } = reporting.outcomes;
        assert.ok(fail > 0 && ok > 0 && armed > 0, complaints(reporting));
        assert.equal(hit, fail, 'each error that was met is counted');
        const swallowing = await runOf(t, swallowingLedger, options);
        assert.deepEqual(broken(swallowing), ['linearizable'], complaints(swallowing));
        assert.equal(swallowing.outcomes.fail, 0);
      },
    );
  }

  test('with which the rig itself cannot go on is not blamed', LIMIT, async (t) => {
    const when = { first: 30, step: 1 };
    const fault = syscalls({ calls: ['write'], action: { error: 'EIO' }, when });
    const run = await runOf(t, soundLedger, { mode, faults: [fault] });
    const { skipped } = faultOf(run, 'syscalls');
    if (skipped !== undefined) return t.skip(skipped);
    assert.equal(run.verdict, 'unknown', complaints(run));
    assert.match(run.reason ?? '', /^a worker could not go on: /);
  });

  test('where that cannot be is told of nothing else', LIMIT, async (t) => {
    const faults = hardships.filter(({ kind }) => kind !== 'disk-full');
    const run = await runOf(t, reportingLedger, { mode: 'threads', faults });
    assert.deepEqual(
      run.faults.map(({ skipped }) => skipped),
      ['it takes processes', 'it takes processes'],
    );
    assert.equal(run.outcomes.fail, 0);
  });
});
