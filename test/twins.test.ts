import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { PoolSet, type Report, runPresets } from '../src/torture.ts';

const seeds = 20;

// Workers are shared, because starting them takes longer than the runs.
const pools = new PoolSet();
after(() => pools[Symbol.asyncDispose]());

function tortureTwin(name: string, presets: readonly string[], seed: number): Promise<Report> {
  const subject = new URL(`./twins/${name}.ts`, import.meta.url).href;
  return runPresets({
    presets,
    modes: ['threads'],
    subject,
    seed: String(seed),
    bails: true,
    pools,
  });
}

/** For each preset, in how many of the seeds its verdict was this one. */
async function countVerdicts(
  name: string,
  presets: readonly string[],
  verdict: Report['verdict'],
): Promise<Record<string, number>> {
  const counts = Object.fromEntries(presets.map((preset) => [preset, 0]));
  for (let seed = 1; seed <= seeds; seed += 1) {
    for (const run of (await tortureTwin(name, presets, seed)).runs) {
      if (run.verdict === verdict) counts[run.name] = (counts[run.name] ?? 0) + 1;
    }
  }
  return counts;
}

describe('broken twins of a port store', () => {
  const caught: readonly [twin: string, presets: readonly string[]][] = [
    ['plan-outside', ['P1', 'P5']],
    ['group-without-savepoint', ['P8']],
    ['checked-not-inserted', ['P1', 'P5']],
  ];
  for (const [twin, presets] of caught) {
    test(`${twin} is caught by ${presets.join(' and ')} with each of ${seeds} seeds`, async () => {
      const expected = Object.fromEntries(presets.map((preset) => [preset, seeds]));
      assert.deepEqual(await countVerdicts(twin, presets, 'violation'), expected);
    });
  }

  test(`their honest original is blamed with none of ${seeds} seeds`, async () => {
    const presets = ['P1', 'P5', 'P8'];
    const expected = Object.fromEntries(presets.map((preset) => [preset, seeds]));
    assert.deepEqual(await countVerdicts('honest', presets, 'ok'), expected);
  });

  test('a violation names the callers who were given the same port', async () => {
    const report = await tortureTwin('plan-outside', ['P5'], 1);
    const [violation] = report.runs[0]?.violations.filter(
      ({ invariant }) => invariant === 'no port twice',
    ) ?? [undefined];
    const operations = violation?.operations ?? [];
    assert.ok(operations.length >= 2, JSON.stringify(report.runs[0]?.violations));
    assert.equal(new Set(operations.map((one) => one.output)).size, 1);
    assert.equal(new Set(operations.map((one) => one.process)).size, operations.length);
    assert.match(report.runs[0]?.replay ?? '', /^holdfast torture P5 .*--seed 1/);
  });
});
