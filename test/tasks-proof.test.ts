import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { faultsIn, folded, wholeLog } from '../proof/tasks/log.ts';
import { runStorm } from '../proof/tasks/storm.ts';
import { beyond } from '../proof/tasks/storm-section.ts';
import { group, leaf, type TaskEvent } from '../src/tasks.ts';
import { openTasks } from './tasks/directory.ts';

const SLACK = 5;
const seed = Date.now() % 2 ** 31;

test('while writers are killed at random no event is missing or early, and the dead are lost at once', async (t) => {
  const report = await runStorm({ durationMs: 10_000, seed, joins: 4 });
  const { kills, events, lostAfterMs, lossMs, inside } = report;
  t.diagnostic(`seed ${seed}, ${kills} kills, ${events} events, inside ${JSON.stringify(inside)}`);
  t.diagnostic(`lost after ${lostAfterMs.toSorted((a, b) => a - b).join(' ')} ms`);
  t.diagnostic(`progress lost ${lossMs.toSorted((a, b) => a - b).join(' ')} ms`);
  assert.deepEqual(report.violations, []);
  // Of a machine that has other work nobody is to be held to the worst case.
  assert.deepEqual(beyond(report, SLACK), []);
});

test('the storm catches writers that acknowledge before they have written', async () => {
  const report = await runStorm({ durationMs: 3000, seed: 2, joins: 0, fault: 'early' });
  assert.ok(report.violations.some((violation) => violation.includes('was acknowledged')));
});

test('a log in which events are missing, twice, or out of order is told from a whole one', async (t) => {
  const tasks = await openTasks(t);
  const job = await tasks.register(group('job', [leaf('a'), leaf('b')]), { job: 'j' });
  await job.child('a').run((task) => task.advance(3));
  await job.child('b').run((task) => task.log('said'));
  await job.finish();
  const log = await wholeLog(tasks);
  const isWhole = (events: readonly TaskEvent[]) =>
    faultsIn(events).length === 0 && isDeepStrictEqual(folded(events), folded(log));
  assert.ok(isWhole(log));
  const broken = log.flatMap((event, at) => [
    log.toSpliced(at, 1),
    log.toSpliced(at, 0, event),
    // Its number is right, and it is in the wrong place.
    ...(at > 0
      ? [renumbered(log.toSpliced(at - 1, 2, ...log.slice(at - 1, at + 1).toReversed()))]
      : []),
    renumbered(log.toSpliced(at, 1)),
  ]);
  assert.deepEqual(broken.filter(isWhole), []);
});

function renumbered(events: readonly TaskEvent[]): readonly TaskEvent[] {
  return events.map((event, at) => ({ ...event, seq: at + 1 }));
}
