import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, LIMIT, reportOf, runOf } from './torture/real-runs.ts';
import { clocks, HICCUP_MS, hiccuping } from './torture/timed.ts';

test('a rate tells what a stall has held up, which raw latencies hide', LIMIT, async (t) => {
  const run = await runOf(t, hiccuping, { mode: 'threads' });
  assert.equal(run.verdict, 'ok', complaints(run));
  const { corrected, latencyMs } = run;
  assert.ok(latencyMs.max >= HICCUP_MS && latencyMs.p99 < HICCUP_MS / 2, JSON.stringify(latencyMs));
  assert.ok((corrected?.latencyMs.p99 ?? 0) > 0.8 * HICCUP_MS, JSON.stringify(corrected));
});

test('clocks of all workers are one clock, to within what each of them says', LIMIT, async (t) => {
  const { runs, verdict } = await reportOf(t, clocks, { mode: 'both' });
  assert.equal(verdict, 'ok', runs.map(complaints).join());
  for (const run of runs) {
    // The sum of what two of them say, and that is not much.
    assert.ok(Number(/within (\d+) ns/.exec(run.notes.join())?.[1]) < 1e6, run.notes.join());
  }
});
