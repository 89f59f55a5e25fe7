import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Turns } from './turns.ts';

/** Work that ends when it is told to, and tells when it began. */
function piece() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const work = () => {
    begun.resolve();
    return end.promise;
  };
  return { work, begun: begun.promise, end: () => end.resolve() };
}

describe('turns', () => {
  test('so many run at once, the others in the order in which they came', async () => {
    const turns = new Turns(2);
    const order: number[] = [];
    const pieces = [0, 1, 2, 3].map(piece);
    const runs = pieces.map(({ work }, index) =>
      turns.run(() => {
        order.push(index);
        return work();
      }),
    );
    await Promise.all([pieces[0]?.begun, pieces[1]?.begun]);
    assert.deepEqual(order, [0, 1]);
    pieces[1]?.end();
    await pieces[2]?.begun;
    assert.deepEqual(order, [0, 1, 2]);
    for (const { end } of pieces) end();
    await Promise.all(runs);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  test('work that fails passes its turn on', async () => {
    const turns = new Turns(1);
    await assert.rejects(
      turns.run(async () => {
        throw new Error('no');
      }),
      /no/,
    );
    assert.equal(await turns.run(async () => 'next'), 'next');
  });

  test('who gives up while waiting loses the place, and nobody else does', async () => {
    const turns = new Turns(1);
    const first = piece();
    const running = turns.run(first.work);
    const abort = new AbortController();
    const given = turns.run(async () => assert.fail('began'), abort.signal);
    const last = turns.run(async () => 'last');
    abort.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    first.end();
    await running;
    assert.equal(await last, 'last');
  });

  test('an aborted signal begins nothing', async () => {
    const turns = new Turns(1);
    const work = async () => assert.fail('began');
    await assert.rejects(turns.run(work, AbortSignal.abort(new Error('before'))), /before/);
    assert.equal(await turns.run(async () => 1), 1);
  });
});
