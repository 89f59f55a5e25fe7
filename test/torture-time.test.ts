import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../src/torture.ts';
import { complaints, LIMIT, reportOf, runUntil } from './torture/real-runs.ts';
import { clocks, HICCUP_MS, hiccuping } from './torture/timed.ts';

test('a rate tells what a stall has held up, which raw latencies hide', LIMIT, async (t) => {
  // A machine that is busy holds up others than the one.
  const isCalm = ({ latencyMs }: RunReport) => latencyMs.p99 < HICCUP_MS / 2;
  const run = await runUntil(t, hiccuping, { mode: 'threads' }, isCalm);
  assert.equal(run.verdict, 'ok', complaints(run));
  const { corrected, latencyMs } = run;
  assert.ok(latencyMs.max >= HICCUP_MS, JSON.stringify(latencyMs));
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
