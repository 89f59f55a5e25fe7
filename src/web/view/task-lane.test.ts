import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TaskRecord } from '../../tasks/model/record.ts';
import { jobOf, taskOf } from './job.fixture.ts';
import { JobView } from './job-view.ts';
import { laneOf } from './task-lane.ts';

const WINDOW = { from: 1000, to: 2000 };

function lane(tasks: readonly TaskRecord[], remainingMs: number | null = null) {
  const view = new JobView(jobOf(tasks));
  const [task] = tasks;
  assert.ok(task);
  return laneOf(view, task, remainingMs, WINDOW, 500, 1800);
}

describe('a lane', () => {
  test('goes from the start to the end, or to now, and on to where it is expected to end', () => {
    const ended = taskOf({ id: 1, status: 'finished', startedAt: 1200, finishedAt: 1400 });
    assert.deepEqual(lane([ended], 50), {
      bar: { x: 100, width: 100 },
      rest: undefined,
      ticks: [],
    });
    const running = taskOf({ id: 1, status: 'running', startedAt: 1200 });
    assert.deepEqual(lane([running], 100), {
      ...{ bar: { x: 100, width: 300 }, rest: { x: 400, width: 50 }, ticks: [] },
    });
  });

  test('is cut where it leaves what is shown, and can be seen however short it is', () => {
    const long = taskOf({ id: 1, status: 'running', startedAt: 5 });
    assert.deepEqual(lane([long], 1e9), {
      ...{ bar: { x: 0, width: 400 }, rest: { x: 400, width: 100 }, ticks: [] },
    });
    const short = taskOf({ id: 1, status: 'failed', startedAt: 1500, finishedAt: 1500 });
    assert.ok((lane([short]).bar?.width ?? 0) >= 2);
    const gone = taskOf({ id: 1, status: 'failed', startedAt: 5, finishedAt: 6 });
    assert.equal(lane([gone]).bar, undefined);
    assert.equal(lane([taskOf({ id: 1 })]).bar, undefined);
  });

  test('of rounds has a tick where each began, and no smear of them', () => {
    const rounds = (stepMs: number) => [
      taskOf({ id: 1, kind: 'iterative', roundSize: 2, status: 'running', startedAt: 1000 }),
      ...Array.from({ length: 8 }, (_, at) =>
        taskOf({ id: at + 2, parent: 1, startedAt: at < 6 ? 1000 + at * stepMs : null }),
      ),
    ];
    assert.deepEqual(lane(rounds(100)).ticks, [100, 200]);
    assert.deepEqual(lane(rounds(3)).ticks, [3]);
  });
});
