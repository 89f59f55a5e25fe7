import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openTasks } from './tasks/directory.ts';
import { assertGapless, assertSound, folded, wholeLog, wholeTable } from './tasks/log-check.ts';
import { randomCalls } from './tasks/random-calls.ts';
import { Trial } from './tasks/trial.ts';

const RUNS = 150;
const CALLS_MAX = 60;
const KEYS = ['a', 'b', 'c'];

test('any series of calls does to jobs what it does to a small model, or is refused and does nothing', async (t) => {
  const tasks = await openTasks(t, { onMisuse: 'throw' });
  const met: Record<string, number> = {};
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  const series = fc.asyncProperty(randomCalls(0, CALLS_MAX), async (calls) => {
    await tasks.purge({ force: true });
    const { seq } = await tasks.list();
    const trial = new Trial(tasks, KEYS);
    for (const call of calls) await trial.make(call);
    for (const [outcome, count] of Object.entries(trial.outcomes)) {
      met[outcome] = (met[outcome] ?? 0) + count;
    }
    const events = await wholeLog(tasks, seq);
    const table = await wholeTable(tasks);
    assert.deepEqual(folded(events), table);
    table.forEach(assertSound);
  });
  await fc.assert(series, { numRuns: RUNS, seed });
  assertGapless(await wholeLog(tasks));
  t.diagnostic(JSON.stringify(met));
  for (const outcome of ['ok', 'none', 'CONFLICT', 'DETACHED', 'ILLEGAL_TRANSITION', 'MISUSE']) {
    assert.ok((met[outcome] ?? 0) > 0, `${outcome} was never met`);
  }
});
