import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { PoolSet } from '../src/torture.ts';
import { countVerdicts, runTwin, twinCases } from './twins/run-twins.ts';

// Shared, because starting workers takes longer than the runs; and few, so that clients of one
// thread take turns at each `await`: that race needs no free processor.
const pools = new PoolSet({ workers: 4 });
after(() => pools[Symbol.asyncDispose]());

// `npm run proof -- --part twins` runs 20 seeds of each.
describe('broken twins', () => {
  for (const twinCase of twinCases) {
    const { twin, presets, verdict } = twinCase;
    // A store that keeps its word is run to the end each time, a broken one to its first violation.
    const seeds = verdict === 'ok' ? 2 : 3;
    test(`${twin} is a ${verdict} for ${presets.join(' and ')} with each of ${seeds} seeds`, async () => {
      const { counts } = await countVerdicts(twinCase, seeds, pools);
      const expected = Object.fromEntries(presets.map((preset) => [preset, seeds]));
      assert.deepEqual(counts, expected);
    });
  }

  test('a violation names the callers who were given the same port', async () => {
    const { runs } = await runTwin({ twin: 'plan-outside', presets: ['P5'] }, 1, pools);
    const violations = runs[0]?.violations ?? [];
    const shared = violations.find(({ invariant }) => invariant === 'no port twice');
    const operations = shared?.operations ?? [];
    assert.ok(operations.length >= 2, JSON.stringify(violations));
    assert.equal(new Set(operations.map((one) => one.output)).size, 1);
    assert.equal(new Set(operations.map((one) => one.process)).size, operations.length);
    assert.match(runs[0]?.replay ?? '', /^holdfast torture P5 .*--seed 1/);
  });
});
