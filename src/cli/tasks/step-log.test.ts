import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TaskRecord } from '../../tasks.ts';
import { groupRecord, record, START } from './records.fixture.ts';
import { StepLog } from './step-log.ts';

/** What is said of a leaf of 1000 rows as it goes through these. */
function said(...changes: readonly (Partial<TaskRecord> & { atMs?: number })[]) {
  const log = new StepLog();
  return changes.map(({ atMs = 0, ...change }) => {
    return log.lineOf(record(2, { volume: 1000, unit: 'rows', ...change }), START + atMs);
  });
}

describe('the log of steps', () => {
  test('tells of each status once, and how it came to its end', () => {
    const ended = { startedAt: START, finishedAt: START + 65_000 };
    const lines = said(
      { status: 'pending', startedAt: null },
      {},
      {},
      { status: 'finished', progress: 1000, ...ended },
      { status: 'finished', progress: 1000, ...ended },
    );
    const end = 'finished, 100%, 1000 of 1000 rows, 1 minute 5 seconds';
    assert.deepEqual(lines, [undefined, 'started', undefined, end, undefined]);
  });

  test('counts nothing where there was nothing to count', () => {
    const ended = { status: 'finished', volume: 0, finishedAt: START } as const;
    assert.equal(said({ volume: null }, ended)[1], 'finished, 100%, 0 seconds');
  });

  test('tells why a task failed, and that one was lost', () => {
    const failed = {
      status: 'failed',
      error: 'no \u001b[2Jspace',
      finishedAt: START + 1000,
    } as const;
    assert.equal(said({}, failed)[1], 'failed: no \\x1b[2Jspace, 0 of 1000 rows, 1 second');
    assert.equal(
      said({}, { status: 'lost', finishedAt: START })[1],
      'lost, 0 of 1000 rows, 0 seconds',
    );
  });

  test('says nothing of what never ran, and of what had ended before it was seen', () => {
    const never = { startedAt: null, finishedAt: START };
    const lines = said({ status: 'pending', startedAt: null }, { status: 'canceled', ...never });
    assert.deepEqual(lines, [undefined, undefined]);
    assert.deepEqual(said({ status: 'finished', progress: 1000, finishedAt: START }), [undefined]);
  });

  test('tells of what runs already how far it is', () => {
    assert.deepEqual(said({ progress: 420 }), ['running, 420 of 1000 rows']);
  });

  test('tells each percent once, and of more than was thought only at the end', () => {
    const lines = said(
      ...[{ progress: 0 }, { progress: 9 }, { progress: 10 }, { progress: 19 }, { progress: 290 }],
      ...[{ progress: 1000 }, { progress: 1500 }],
      { status: 'finished', progress: 1500, finishedAt: START },
    );
    assert.deepEqual(lines, [
      'running, 0 of 1000 rows',
      undefined,
      '1% (10 of 1000 rows)',
      undefined,
      '29% (290 of 1000 rows)',
      '99% (1000 of 1000 rows)',
      undefined,
      'finished, 100%, 1500 of 1000 rows, 0 seconds',
    ]);
  });

  test('begins anew where there is more to do than was thought', () => {
    const lines = said(
      { progress: 500 },
      { progress: 500, volume: 10_000 },
      { progress: 610, volume: 10_000 },
    );
    assert.deepEqual(lines.slice(1), [undefined, '6% (610 of 10000 rows)']);
  });

  test('tells every ten seconds of what has no percents, if it has moved', () => {
    const lines = said(
      { volume: null },
      { volume: null, progress: 1, atMs: 9999 },
      { volume: null, progress: 2, message: 'page 3', atMs: 10_000 },
      { volume: null, progress: 2, message: 'page 3', atMs: 30_000 },
    );
    assert.deepEqual(lines, ['running', undefined, '2 rows: page 3', undefined]);
  });

  test('tells of a group only when its status changes', () => {
    const log = new StepLog();
    const statuses = ['pending', 'running', 'running', 'finished'] as const;
    const lines = statuses.map((status) => log.lineOf(groupRecord(1, { status }), START));
    assert.deepEqual(lines, [undefined, 'started', undefined, 'finished']);
  });

  test('forgets what is gone', () => {
    const log = new StepLog();
    assert.equal(log.lineOf(record(1), START), 'running');
    log.forget([record(1)]);
    assert.equal(log.lineOf(record(1), START), 'running');
  });
});

// Upstream's logger counted calls and not amounts, and two of them shared a counter.
test('whatever amounts are counted, each percent is told once, in order, with the exact sum', () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(amounts, amounts, (first, second) => {
      const log = new StepLog();
      const leaves = [first, second].map((steps, index) => new Leaf(log, index + 1, steps));
      for (let at = 0; at < 60; at += 1) for (const leaf of leaves) leaf.move(at);
      for (const leaf of leaves) leaf.check();
    }),
  );
});

class Leaf {
  readonly #log: StepLog;
  readonly #steps: readonly number[];
  readonly #volume: number;
  readonly #lines: string[] = [];
  #record: TaskRecord;

  constructor(log: StepLog, id: number, steps: readonly number[]) {
    this.#log = log;
    this.#steps = steps;
    this.#volume = steps.reduce((sum, step) => sum + step, 0);
    this.#record = record(id, { volume: this.#volume });
    log.lineOf(this.#record, START);
  }

  move(at: number): void {
    const progress = this.#record.progress + (this.#steps[at] ?? 0);
    const isEnd = at === this.#steps.length - 1;
    const end = isEnd ? ({ status: 'finished', finishedAt: START } as const) : {};
    this.#record = { ...this.#record, progress, ...end };
    const line = this.#log.lineOf(this.#record, START);
    if (line !== undefined) this.#lines.push(line);
  }

  check(): void {
    let before = 0;
    for (const line of this.#lines) {
      const [, percent, progress] = /^(?:finished, )?(\d+)%[ ,]+\(?(\d+) of /.exec(line) ?? [];
      assert.ok(Number(percent) > before, `${line} after ${before}%`);
      before = Number(percent);
      const exact = Math.floor((Number(progress) * 100) / this.#volume);
      assert.equal(before, exact, line);
    }
    assert.equal(before, 100);
  }
}
