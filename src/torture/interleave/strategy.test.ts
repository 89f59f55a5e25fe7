import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Step, Strategy } from './step.ts';
import { PctStrategy, RandomStrategy, ReplayStrategy } from './strategy.ts';

const STEPS = 3;

/** Two clients of three steps, in the order that a strategy chooses, and the choices that it made. */
function play(strategy: Strategy): { readonly order: string; readonly choices: readonly number[] } {
  const left = [STEPS - 1, STEPS - 1];
  const open: Step[] = [0, 1].map(stepOf);
  const choices: number[] = [];
  let order = '';
  while (open.length > 0) {
    const place = open.length === 1 ? 0 : strategy.choose(open, Number(order.at(-1) ?? -1));
    if (open.length > 1) choices.push(place);
    const client = open.splice(place, 1)[0]?.client ?? -1;
    order += client;
    const more = left[client] ?? 0;
    left[client] = more - 1;
    if (more > 0) open.push(stepOf(client));
  }
  return { order, choices };
}

function stepOf(client: number): Step {
  return { client, label: '', fire: () => undefined };
}

const SEEDS = 300;

function hits(isHit: (order: string) => boolean, strategy: (seed: string) => Strategy): number {
  const seeds = Array.from({ length: SEEDS }, (_, seed) => String(seed));
  return seeds.filter((seed) => isHit(play(strategy(seed)).order)).length;
}

describe('strategies', () => {
  test('PCT finds bugs of depth 2 at least as often as is promised', () => {
    // Client b comes to its end between two steps of client a.
    const bugs = ['011100', '001110', '100011', '110001'];
    const pct = (seed: string) => new PctStrategy(seed, { depth: 2, steps: 2 * STEPS });
    const promised = SEEDS / (2 * 2 * STEPS);
    const found = bugs.map((bug) => hits((order) => order === bug, pct));
    const mean = found.reduce((sum, count) => sum + count, 0) / bugs.length;
    assert.ok(mean >= promised, `${found} of ${SEEDS}, promised ${promised}`);
    for (const count of found) assert.ok(count >= promised / 2, `${found}`);
    // By chance alone each of the 20 orders would come 15 times.
    const lost = (order: string) => /^0*1.*0/.test(order) && /^0*10*1/.test(order);
    assert.ok(hits(lost, pct) >= promised);
  });

  test('PCT of depth 1 never takes the turn from a client', () => {
    const orders = new Set(
      Array.from(
        { length: 50 },
        (_, seed) => play(new PctStrategy(String(seed), { depth: 1, steps: 6 })).order,
      ),
    );
    assert.deepEqual([...orders].sort(), ['000111', '111000']);
  });

  test('PCT lets a client go on for whom the others wait', () => {
    const strategy = new PctStrategy('0', { depth: 3, steps: 20 });
    const open = [0, 1].map(stepOf);
    const turns = [0, 0];
    for (let at = 0; at < 5000; at += 1) {
      const client = open[strategy.choose(open)]?.client ?? 0;
      turns[client] = (turns[client] ?? 0) + 1;
    }
    assert.ok(Math.min(...turns) > 1500, `${turns}`);
  });

  test('every order comes by chance', () => {
    const orders = new Set(
      Array.from({ length: 500 }, (_, seed) => play(new RandomStrategy(String(seed))).order),
    );
    assert.equal(orders.size, 20);
  });

  test('a replay takes what was taken, and the same seed is the same schedule', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 4 }), (seed, depth) => {
        for (const make of [
          () => new RandomStrategy(seed),
          () => new PctStrategy(seed, { depth, steps: 6 }),
        ]) {
          const { order, choices } = play(make());
          assert.equal(play(make()).order, order);
          assert.deepEqual(play(new ReplayStrategy(choices)), { order, choices });
        }
      }),
    );
  });

  test('where a replay ends, or names a step that is not there, the same client goes on', () => {
    assert.equal(play(new ReplayStrategy([1])).order, '111000');
    assert.equal(play(new ReplayStrategy([])).order, '000111');
    assert.equal(play(new ReplayStrategy([1, 7, 99])).order, '111000');
  });
});
