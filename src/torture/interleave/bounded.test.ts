import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BoundedSearch } from './bounded.ts';
import type { Step, Strategy } from './step.ts';

/** Clients that do so many steps each, in the order that a strategy chooses; their numbers in turn. */
function play(clients: number, steps: number, strategy: Strategy): string {
  const left = Array.from({ length: clients }, () => steps - 1);
  const open: Step[] = left.map((_, client) => stepOf(client));
  const order: number[] = [];
  while (open.length > 0) {
    const place = open.length === 1 ? 0 : strategy.choose(open, order.at(-1) ?? -1);
    const client = open.splice(place, 1)[0]?.client ?? -1;
    order.push(client);
    const more = left[client] ?? 0;
    left[client] = more - 1;
    if (more > 0) open.push(stepOf(client));
  }
  return order.join('');
}

function stepOf(client: number): Step {
  return { client, label: '', fire: () => undefined };
}

function searched(clients: number, steps: number, preemptions: number): string[] {
  const search = new BoundedSearch(preemptions);
  const orders: string[] = [];
  do orders.push(play(clients, steps, search));
  while (search.next());
  return orders;
}

/** All orders there are, by trying everything. */
function everything(clients: number, steps: number, preemptions: number): string[] {
  const extend = (order: string, left: readonly number[], used: number): string[] => {
    if (used > preemptions) return [];
    if (left.every((count) => count === 0)) return [order];
    const last = order.at(-1);
    const couldGoOn = last !== undefined && (left[Number(last)] ?? 0) > 0;
    return [...left.keys()]
      .filter((client) => (left[client] ?? 0) > 0)
      .flatMap((client) =>
        extend(
          order + client,
          left.map((count, one) => (one === client ? count - 1 : count)),
          used + (couldGoOn && String(client) !== last ? 1 : 0),
        ),
      );
  };
  return extend(
    '',
    Array.from({ length: clients }, () => steps),
    0,
  );
}

describe('bounded search', () => {
  test('tries exactly the schedules with so many preemptions, each once', () => {
    const size = fc.record({
      clients: fc.integer({ min: 1, max: 3 }),
      steps: fc.integer({ min: 1, max: 3 }),
      preemptions: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(size, ({ clients, steps, preemptions }) => {
        const orders = searched(clients, steps, preemptions);
        assert.equal(new Set(orders).size, orders.length, 'one came twice');
        assert.deepEqual(orders.toSorted(), everything(clients, steps, preemptions).toSorted());
      }),
      { numRuns: 60 },
    );
  });

  test('comes to as many schedules as there are', () => {
    const counts = (clients: number, steps: number) =>
      [0, 1, 2, 3, 9].map((preemptions) => searched(clients, steps, preemptions).length);
    // Without a preemption n! orders; without a bound (nk)! / k!^n.
    assert.deepEqual(counts(2, 3), [2, 6, 14, 18, 20]);
    assert.deepEqual(counts(3, 2), [6, 24, 60, 90, 90]);
  });

  test('the first schedule lets each client come to its end before the next', () => {
    assert.equal(play(3, 3, new BoundedSearch(2)), '000111222');
  });

  test('goes on where a store does not behave the same twice', () => {
    const search = new BoundedSearch(3);
    let schedules = 0;
    do play(2 + (schedules % 2), 1 + (schedules % 3), search);
    while (search.next() && ++schedules < 10_000);
    assert.ok(schedules < 10_000, 'it never ended');
  });

  test('clients that only wait for each other all get their turn in the end', () => {
    const turns = new Map<number, number>();
    let longestWait = 0;
    let open: Step[] = [0, 1, 2, 3].map(stepOf);
    const search = new BoundedSearch(0);
    let last = -1;
    for (let at = 0; at < 2000; at += 1) {
      const place = search.choose(open, last);
      last = open[place]?.client ?? -1;
      longestWait = Math.max(longestWait, at - Math.max(400, turns.get(last) ?? 0));
      turns.set(last, at);
      open = [...open.toSpliced(place, 1), stepOf(last)];
    }
    assert.equal(turns.size, 4);
    assert.ok(longestWait < 50, `one waited for ${longestWait} steps`);
  });
});
