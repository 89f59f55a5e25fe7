import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { endThreadBy, type HeldUp, WithinStep } from './within-step.ts';

/** How often something can be done before it throws. */
function timesUntilThrown(does: () => void): number {
  for (let times = 0; times < 10_000_000; times += 1) {
    try {
      does();
    } catch {
      return times;
    }
  }
  return assert.fail('it never throws');
}

describe('within a step', () => {
  afterEach(() => endThreadBy(undefined));

  test('who does the same over and over is thrown out, sooner if it fails', () => {
    const reading = new WithinStep();
    const opening = new WithinStep();
    const read = timesUntilThrown(() => reading.note(1, 'read file'));
    const opened = timesUntilThrown(() => opening.noteFailed(2, 'open lock'));
    assert.ok(opened < read / 10, `${opened} and ${read}`);
    assert.deepEqual(reading.heldUp, { client: 1, what: 'read file' });
    assert.deepEqual(opening.heldUp, { client: 2, what: 'open lock' });
  });

  test('who does different things is not, nor who does the same in many steps', () => {
    const within = new WithinStep();
    for (let call = 0; call < 50_000; call += 1) within.noteFailed(1, `stat ${call}`);
    for (let call = 0; call < 50_000; call += 1) {
      within.clear();
      within.noteFailed(1, 'stat file');
    }
    assert.equal(within.heldUp, undefined);
  });

  test('who cannot be thrown out ends the thread', () => {
    const ended: HeldUp[] = [];
    endThreadBy((heldUp) => ended.push(heldUp));
    const within = new WithinStep();
    while (ended.length === 0) {
      try {
        within.noteFailed(1, 'open lock');
      } catch {
        // As code that goes on whatever happens.
      }
    }
    assert.deepEqual(ended, [{ client: 1, what: 'open lock' }]);
  });

  test('time passes for who only looks at the clock, ever faster', () => {
    const within = new WithinStep();
    let elapsedMs = 0;
    for (let looks = 0; looks < 1000; looks += 1) elapsedMs += within.look(1);
    assert.equal(elapsedMs, 0);
    for (let looks = 0; looks < 20_000; looks += 1) elapsedMs += within.look(1);
    assert.ok(elapsedMs > 60_000, `${elapsedMs}`);
    within.clear();
    assert.equal(within.look(1), 0);
  });

  test('who looks at the clock and waits for nothing is thrown out too', () => {
    const within = new WithinStep();
    timesUntilThrown(() => within.look(1));
    assert.deepEqual(within.heldUp, { client: 1, what: 'a look at the clock' });
  });
});
