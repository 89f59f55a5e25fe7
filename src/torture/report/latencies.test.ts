import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';
import { Latencies } from './latencies.ts';

const recorded = fc.array(
  fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 1, max: 1e10 })),
  {
    minLength: 1,
    maxLength: 200,
  },
);

/** What the histogram may be wrong by. */
const ERROR = 1 / 50;

describe('latencies', () => {
  test('of all operations together are those of each added up', () => {
    fc.assert(
      fc.property(recorded, (all) => {
        const latencies = new Latencies();
        for (const [f, ns] of all) latencies.record(f, ns);
        const { latencyMs, histograms } = latencies.figures();
        const names = new Set(all.map(([f]) => f));
        assert.deepEqual(new Set(Object.keys(histograms)), names);
        for (const name of names) {
          const own = all.filter(([f]) => f === name).map(([, ns]) => ns);
          const histogram = new Histogram(histograms[name]);
          assert.equal(histogram.total, own.length);
          assert.equal(histogram.max, Math.max(...own));
        }
        const sorted = all.map(([, ns]) => ns).sort((a, b) => a - b);
        assert.equal(latencyMs.max, (sorted.at(-1) ?? 0) / 1e6);
        const quantiles = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;
        for (const [name, quantile] of Object.entries(quantiles)) {
          const exact = (sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0) / 1e6;
          const told = latencyMs[name as keyof typeof quantiles];
          assert.ok(Math.abs(told - exact) <= ERROR * exact, `${name}: ${told}, not ${exact}`);
        }
      }),
    );
  });

  test('are empty until something is recorded', () => {
    const latencies = new Latencies();
    assert.equal(latencies.isEmpty, true);
    const none = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    assert.deepEqual(latencies.figures(), { latencyMs: none, histograms: {} });
    latencies.record('get', 5);
    assert.equal(latencies.isEmpty, false);
  });
});
