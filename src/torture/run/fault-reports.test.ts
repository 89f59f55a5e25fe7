import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crashImages, damage, failCalls, kill, pause, powerLoss } from '../faults/fault.ts';
import type { FaultReport } from '../report/report.ts';
import { mergeFaults, unfitReports } from './fault-reports.ts';

const windows = fc.array(
  fc.record({ repeat: fc.nat(5), from: fc.nat(), to: fc.nat(), target: fc.constant('clients 1') }),
  { maxLength: 3 },
);
const reports: fc.Arbitrary<FaultReport[]> = fc.array(
  fc.record({
    fault: fc.constantFrom('kill', 'pause', 'damage'),
    ...{
      armed: fc.nat(9),
      hit: fc.nat(9),
      windows,
      skipped: fc.constantFrom(undefined, 'no root'),
    },
  }),
);

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('what several repetitions tell of faults', () => {
  test('adds up, each fault once, in the order in which they came', () => {
    fc.assert(
      fc.property(reports, (list) => {
        const merged = mergeFaults(list);
        assert.deepEqual(
          merged.map(({ fault }) => fault),
          [...new Set(list.map(({ fault }) => fault))],
        );
        for (const one of merged) {
          const same = list.filter(({ fault }) => fault === one.fault);
          assert.equal(one.armed, sum(same.map(({ armed }) => armed)));
          assert.equal(one.hit, sum(same.map(({ hit }) => hit)));
          assert.deepEqual(
            one.windows,
            same.flatMap((each) => each.windows),
          );
          assert.equal(one.skipped, same.some(({ skipped }) => skipped) ? 'no root' : undefined);
        }
      }),
    );
  });

  test('keeps as many windows as can be drawn', () => {
    const window = { repeat: 0, from: 1, to: 2, target: 'all clients' };
    const many = { fault: 'kill', armed: 600, hit: 0, windows: Array(600).fill(window) };
    const [merged] = mergeFaults([many, many].map((one) => ({ ...one, skipped: undefined })));
    assert.deepEqual([merged?.armed, merged?.windows.length], [1200, 1000]);
  });
});

test('faults that a mode has no use for are told as not done, the others are not told', () => {
  const faults = [kill(), pause(), crashImages(), damage(), powerLoss(), failCalls()];
  const told = (mode: 'threads' | 'processes' | 'crash') =>
    unfitReports({ mode, faults }).map(({ fault, skipped }) => `${fault}: ${skipped}`);
  const simulated = [
    'power-loss: it takes mode interleave',
    'fail-calls: it takes mode interleave',
  ];
  assert.deepEqual(told('processes'), simulated);
  assert.deepEqual(told('crash'), simulated);
  assert.deepEqual(told('threads'), [
    'kill: it takes processes',
    'pause: it takes processes',
    'crash-images: it takes processes',
    ...simulated,
  ]);
  assert.deepEqual(unfitReports({ mode: 'threads' }), []);
});
