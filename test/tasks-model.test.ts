import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crew } from '../proof/tasks/crew.ts';
import { faultsIn, folded, isActive, wholeLog, wholeTable } from '../proof/tasks/log.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';
import { randomCalls } from './tasks/random-calls.ts';
import type { RandomWorker } from './tasks/random-worker.ts';
import { assertSound, assertWhole } from './tasks/soundness.ts';
import { Trial } from './tasks/trial.ts';

const RUNS = 100;
const CALLS_MAX = 60;
const KEYS = ['a', 'b', 'c'];

function addTo(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [outcome, count] of Object.entries(counts)) {
    sums[outcome] = (sums[outcome] ?? 0) + count;
  }
}

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
    addTo(met, trial.outcomes);
    const events = await wholeLog(tasks, seq);
    const table = await wholeTable(tasks);
    assert.deepEqual(folded(events), table);
    table.forEach(assertSound);
  });
  await fc.assert(series, { numRuns: RUNS, seed });
  assert.deepEqual(faultsIn(await wholeLog(tasks)), []);
  t.diagnostic(JSON.stringify(met));
  for (const outcome of ['ok', 'none', 'CONFLICT', 'DETACHED', 'ILLEGAL_TRANSITION', 'MISUSE']) {
    assert.ok((met[outcome] ?? 0) > 0, `${outcome} was never met`);
  }
});

const PROCESSES = 10;
const CALLS_EACH = 60;

test('ten processes at once do the same to jobs of their own, beside jobs that they fight over', async (t) => {
  const dir = directoryOf(t);
  const seed = Date.now() % 2 ** 30;
  t.diagnostic(`seed ${seed}`);
  const tasks = await openTasks(t, { dir });
  await using crew = new Crew<RandomWorker>(
    join(import.meta.dirname, 'tasks/random-worker.ts'),
    PROCESSES,
  );
  await crew.all('open', (nth) => [dir, nth]);
  const outcomes = await crew.all('work', (nth) => [CALLS_EACH, seed + nth]);
  await crew.all('settle', () => []);
  await assertWhole(tasks);
  const table = await wholeTable(tasks);
  table.forEach(assertSound);
  const all: Record<string, number> = {};
  for (const [index, whose] of ['own', 'shared'].entries()) {
    const met: Record<string, number> = {};
    for (const each of outcomes) addTo(met, each[index] ?? {});
    t.diagnostic(`${whose}: ${JSON.stringify(met)}`);
    addTo(all, met);
  }
  for (const outcome of ['ok', 'CONFLICT', 'DETACHED', 'ILLEGAL_TRANSITION']) {
    assert.ok(all[outcome], outcome);
  }
  await crew[Symbol.asyncDispose]();
  assert.equal(await tasks.reap(), table.filter(isActive).length);
  await assertWhole(tasks);
  const after = await wholeTable(tasks);
  after.forEach(assertSound);
  assert.deepEqual(after.filter(isActive), []);
});
