import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BoundedSearch } from './bounded.ts';
import { type End, type Limits, Scheduler } from './scheduler.ts';
import { OBSERVER, type Strategy } from './step.ts';
import { RandomStrategy, ReplayStrategy } from './strategy.ts';

const LIMITS: Limits = { steps: 500, foreignMs: 2000 };

type Code = (scheduler: Scheduler, client: number) => Promise<unknown>;

/** Runs the code of some clients until all of them are done. */
async function play(
  codes: readonly Code[],
  strategy: Strategy = new BoundedSearch(0),
  scheduler = new Scheduler(),
): Promise<{ readonly end: End; readonly scheduler: Scheduler }> {
  const working = new Set(codes.keys());
  for (const [client, code] of codes.entries()) {
    void scheduler
      .point(client, 'begin')
      .then(() => code(scheduler, client))
      .finally(() => {
        working.delete(client);
        scheduler.tellDone();
      });
  }
  const end = await scheduler.run(() => working.size === 0, strategy, LIMITS);
  return { end, scheduler };
}

/** What happens in every schedule with so many preemptions. */
async function everySchedule(
  preemptions: number,
  codes: (told: string[]) => readonly Code[],
): Promise<readonly string[]> {
  const search = new BoundedSearch(preemptions);
  const seen = new Set<string>();
  do {
    const told: string[] = [];
    await play(codes(told), search);
    seen.add(told.join(' '));
  } while (search.next());
  return [...seen].sort();
}

function* once(perform: () => unknown): Generator<void, unknown> {
  return perform();
}

describe('scheduler', () => {
  test('a call waits twice: before it takes effect, and before its answer is told', async () => {
    const call =
      (told: string[]): Code =>
      async (scheduler, client) => {
        await scheduler.call(
          client,
          'call',
          once(() => told.push(`does${client}`)),
        );
        told.push(`knows${client}`);
      };
    const seen = await everySchedule(9, (told) => [call(told), call(told)]);
    assert.deepEqual(seen, [
      'does0 does1 knows0 knows1',
      'does0 does1 knows1 knows0',
      'does0 knows0 does1 knows1',
      'does1 does0 knows0 knows1',
      'does1 does0 knows1 knows0',
      'does1 knows1 does0 knows0',
    ]);
  });

  test('others come between the steps of one call', async () => {
    const write =
      (told: string[]): Code =>
      (scheduler, client) =>
        scheduler.call(
          client,
          'write',
          (function* () {
            told.push('half');
            yield;
            told.push('whole');
          })(),
        );
    const look =
      (told: string[]): Code =>
      (scheduler, client) =>
        scheduler.call(
          client,
          'look',
          once(() => told.push('look')),
        );
    const seen = await everySchedule(9, (told) => [write(told), look(told)]);
    assert.deepEqual(seen, ['half look whole', 'half whole look', 'look half whole']);
  });

  test('what a step throws is the error of the call, told as an answer is', async () => {
    const { scheduler } = await play([
      async (scheduler, client) => {
        const failing = scheduler.call(
          client,
          'fail',
          once(() => {
            throw new Error('as asked');
          }),
        );
        await assert.rejects(failing, /as asked/);
      },
    ]);
    assert.deepEqual(scheduler.labels, ['0 begin', '0 fail', '0 fail → answer']);
  });

  test('the answer of a call that is a promise is told when it is there', async () => {
    const told: string[] = [];
    const { end, scheduler } = await play([
      async (scheduler, client) => {
        const slow = async () => {
          await scheduler.call(
            client,
            'inner',
            once(() => 0),
          );
          told.push('inner done');
          return 7;
        };
        assert.equal(await scheduler.call(client, 'outer', once(slow)), 7);
      },
    ]);
    assert.equal(end, 'done');
    assert.deepEqual(scheduler.labels, [
      '0 begin',
      '0 outer',
      '0 inner',
      '0 inner → answer',
      '0 outer → answer',
    ]);
  });

  test('two clients that one step wakes may both be next, in either order', async () => {
    const seen = await everySchedule(9, (told) => {
      const gate = Promise.withResolvers<void>();
      let isWaiting = false;
      const act = (scheduler: Scheduler, client: number, name: string) =>
        scheduler.call(
          client,
          name,
          once(() => told.push(name)),
        );
      return [
        async (scheduler, client) => {
          const nothing = () => undefined;
          await scheduler.wait(client, 'until the other waits', () => isWaiting, nothing);
          gate.resolve();
          await act(scheduler, client, 'near');
        },
        async (scheduler, client) => {
          isWaiting = true;
          await gate.promise;
          // It is some promises further away from its next call.
          for (let hop = 0; hop < 50; hop += 1) await undefined;
          await act(scheduler, client, 'far');
        },
      ];
    });
    assert.deepEqual(seen, ['far near', 'near far']);
  });

  test('a client that passes through callbacks of Node is waited for', async () => {
    const told: string[] = [];
    const { end } = await play([
      async (scheduler, client) => {
        await new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(resolve)));
        await new Promise<void>((resolve) => process.nextTick(resolve));
        await scheduler.call(
          client,
          'call',
          once(() => told.push('first')),
        );
      },
      async (scheduler, client) => {
        await scheduler.call(
          client,
          'call',
          once(() => told.push('second')),
        );
      },
    ]);
    assert.equal(end, 'done');
    assert.deepEqual(told, ['first', 'second']);
  });

  describe('time', () => {
    /** Starts timers, and tells in which order they fire. */
    const timers =
      (told: string[], ...delays: readonly number[]): Code =>
      (scheduler, client) =>
        Promise.all(
          delays.map(
            (ms) =>
              new Promise<void>((resolve) => {
                scheduler.timer(client, `${ms}`, ms, () => {
                  told.push(`${ms}`);
                  resolve();
                });
              }),
          ),
        );

    test('timers fire in the order in which they are due, whatever the schedule', async () => {
      const code = (told: string[]) => [timers(told, 30, 10, 20, 10)];
      assert.deepEqual(await everySchedule(9, code), ['10 10 20 30']);
    });

    test('those of one client do so even when all of them are late', async () => {
      const seen = await everySchedule(2, (told) => [
        timers(told, 0.3, 0.1, 0.2),
        async (scheduler, client) => {
          for (let step = 0; step < 4; step += 1)
            await scheduler.call(
              client,
              'call',
              once(() => 0),
            );
        },
      ]);
      assert.deepEqual(seen, ['0.1 0.2 0.3']);
    });

    test('those of two clients that are late may fire in either order', async () => {
      const seen = await everySchedule(9, (told) => [timers(told, 0.02), timers(told, 0.01)]);
      assert.deepEqual(seen, ['0.01 0.02', '0.02 0.01']);
    });

    test('a long timeout does not fire while there is I/O to do, and a short one may', async () => {
      const race = (ms: number) =>
        everySchedule(2, (told) => [
          async (scheduler, client) => {
            await scheduler.sleep(client, ms);
            told.push('timeout');
          },
          async (scheduler, client) => {
            for (let step = 0; step < 3; step += 1) {
              await scheduler.call(
                client,
                'call',
                once(() => 0),
              );
            }
            told.push('done');
          },
        ]);
      assert.deepEqual(await race(1000), ['done timeout']);
      assert.deepEqual(await race(0.1), ['done timeout', 'timeout done']);
    });

    test('time passes at once when nobody has anything else to do', async () => {
      const begun = performance.now();
      const { scheduler } = await play([(scheduler, client) => scheduler.sleep(client, 3_600_000)]);
      assert.ok(scheduler.nowMs >= 3_600_000);
      assert.ok(performance.now() - begun < 1000);
    });

    test('a timer that is cleared never fires, not even when it was due already', async () => {
      const seen = await everySchedule(9, (told) => [
        async (scheduler, client) => {
          const timer = scheduler.timer(client, 'timer', 0.1, () => told.push('fired'));
          for (let step = 0; step < 3; step += 1) {
            await scheduler.call(
              client,
              'call',
              once(() => 0),
            );
          }
          scheduler.clear(timer);
          const before = told.length;
          await scheduler.sleep(client, 10);
          assert.equal(told.length, before, 'it fired after it was cleared');
        },
      ]);
      assert.deepEqual(seen, ['', 'fired']);
    });
  });

  describe('ends', () => {
    const never: Code = (scheduler, client) =>
      scheduler.wait(
        client,
        'lock of a',
        () => false,
        () => undefined,
      );

    test('a deadlock, with what each client waits for', async () => {
      const { end, scheduler } = await play([never, never]);
      assert.equal(end, 'deadlock');
      assert.deepEqual(scheduler.waiting(), [
        { client: 0, label: 'lock of a' },
        { client: 1, label: 'lock of a' },
      ]);
    });

    test('clients that go on for ever are no deadlock', async () => {
      const spin: Code = async (scheduler, client) => {
        for (;;) await scheduler.sleep(client, 10);
      };
      assert.equal((await play([never, spin])).end, 'endless');
      const io: Code = async (scheduler, client) => {
        for (;;)
          await scheduler.call(
            client,
            'read',
            once(() => 0),
          );
      };
      assert.equal((await play([io])).end, 'endless');
    });

    test('many steps are not endless as long as clients get something done', async () => {
      const busy: Code = async (scheduler, client) => {
        for (let step = 0; step < 2 * LIMITS.steps; step += 1) {
          await scheduler.call(
            client,
            'read',
            once(() => 0),
          );
          if (step % 100 === 0) scheduler.tellProgress();
        }
      };
      assert.equal((await play([busy])).end, 'done');
    });

    test('a client that waits goes on once it is ready, and not before', async () => {
      let holder: number | undefined;
      let most = 0;
      const locked: Code = async (scheduler, client) => {
        await scheduler.wait(
          client,
          'lock',
          () => holder === undefined,
          () => {
            holder = client;
          },
        );
        most = Math.max(most, Number(holder !== undefined));
        await scheduler.call(
          client,
          'work',
          once(() => assert.equal(holder, client)),
        );
        holder = undefined;
      };
      for (let seed = 0; seed < 20; seed += 1) {
        const { end } = await play([locked, locked, locked], new RandomStrategy(`${seed}`));
        assert.equal(end, 'done');
      }
      assert.equal(most, 1);
    });
  });

  describe('a client that is killed', () => {
    test('does nothing more, nor do its timers', async () => {
      const told: string[] = [];
      const scheduler = new Scheduler();
      scheduler.interruption = {
        at: 4,
        strike: () => {
          scheduler.kill(0);
          working.delete(0);
          return false;
        },
      };
      const working = new Set([0, 1]);
      const work = async (client: number) => {
        await scheduler.point(client, 'begin');
        scheduler.timer(client, 'timer', 5, () => told.push(`timer${client}`));
        for (let step = 0; step < 5; step += 1) {
          await scheduler.call(
            client,
            'call',
            once(() => told.push(`call${client}`)),
          );
        }
        await scheduler.sleep(client, 10);
        working.delete(client);
        scheduler.tellDone();
      };
      for (const client of working) void work(client);
      assert.equal(await scheduler.run(() => working.size === 0, goOn, LIMITS), 'done');
      const seen = Map.groupBy(told, (what) => what);
      assert.equal(seen.get('call0')?.length, 2);
      assert.equal(seen.get('call1')?.length, 5);
      assert.deepEqual([seen.has('timer0'), seen.has('timer1')], [false, true]);
    });

    test('cannot begin anything, by calls nor by timers', async () => {
      const scheduler = new Scheduler();
      scheduler.kill(0);
      const told: string[] = [];
      const tell = (what: string) => () => {
        told.push(what);
      };
      void scheduler.call(0, 'call', once(tell('call')));
      void scheduler.point(0, 'point').then(tell('point'));
      void scheduler.wait(0, 'wait', () => true, tell('wait'));
      void scheduler.sleep(0, 1).then(tell('sleep'));
      scheduler.timer(0, 'timer', 1, tell('timer'));
      await play([(other) => other.sleep(1, 100)], goOn, scheduler).catch(() => undefined);
      assert.deepEqual(told, []);
    });
  });

  test('nothing happens after it is closed', async () => {
    const told: string[] = [];
    const scheduler = new Scheduler();
    scheduler.timer(0, 'timer', 1, () => told.push('timer'));
    void scheduler.point(0, 'point').then(() => told.push('point'));
    scheduler.close();
    void scheduler.call(
      0,
      'call',
      once(() => told.push('call')),
    );
    scheduler.timer(0, 'timer', 1, () => told.push('timer'));
    await turn();
    assert.deepEqual([told, scheduler.waiting()], [[], []]);
  });

  describe('the observer', () => {
    test('does everything at once', async () => {
      const scheduler = new Scheduler();
      const { end } = await scheduler.attend(async () => {
        assert.equal(
          await scheduler.call(
            OBSERVER,
            'read',
            once(() => 7),
          ),
          7,
        );
        await scheduler.wait(
          OBSERVER,
          'lock',
          () => true,
          () => undefined,
        );
      }, LIMITS);
      assert.deepEqual([end, scheduler.labels, scheduler.points], ['done', [], 0]);
    });

    test('may wait for time, and time passes', async () => {
      const scheduler = new Scheduler();
      const found = await scheduler.attend(async () => {
        await scheduler.sleep(OBSERVER, 60_000);
        return scheduler.nowMs;
      }, LIMITS);
      assert.ok(found.end === 'done' && found.value >= 60_000);
    });

    test('finds what clients have left, and lets them go on when it has to wait', async () => {
      let isLocked = true;
      const { scheduler } = await play([
        async (scheduler, client) => {
          // Nobody waits for it.
          void scheduler.call(
            client,
            'unlock',
            once(() => {
              isLocked = false;
            }),
          );
        },
      ]);
      const found = await scheduler.attend(async () => {
        const atFirst = await scheduler.call(
          OBSERVER,
          'look',
          once(() => isLocked),
        );
        await scheduler.wait(
          OBSERVER,
          'lock',
          () => !isLocked,
          () => undefined,
        );
        return [atFirst, isLocked];
      }, LIMITS);
      assert.deepEqual(found, { end: 'done', value: [true, false] });
    });

    test('that waits for ever is told, however it does so', async () => {
      const end = async (code: (scheduler: Scheduler) => Promise<unknown>) => {
        const scheduler = new Scheduler();
        return (await scheduler.attend(() => code(scheduler), LIMITS)).end;
      };
      const never = () => false;
      const wait = end((scheduler) => scheduler.wait(OBSERVER, 'lock', never, () => undefined));
      assert.equal(await wait, 'deadlock');
      assert.equal(await end(() => new Promise(() => undefined)), 'deadlock');
      const sleepy = end(async (scheduler) => {
        for (;;) await scheduler.sleep(OBSERVER, 5);
      });
      assert.equal(await sleepy, 'endless');
      const busy = end(async (scheduler) => {
        for (;;)
          await scheduler.call(
            OBSERVER,
            'read',
            once(() => 0),
          );
      });
      assert.equal(await busy, 'endless');
    });

    test('is told what its code throws', async () => {
      const failing = new Scheduler().attend(() => Promise.reject(new Error('as asked')), LIMITS);
      await assert.rejects(failing, /as asked/);
    });
  });

  test('its choices replay it', async () => {
    const codes = Array.from(
      { length: 3 },
      (): Code => async (scheduler, client) => {
        for (let step = 0; step < 3; step += 1) {
          await scheduler.call(
            client,
            'call',
            once(() => 0),
          );
          await scheduler.sleep(client, 1);
        }
      },
    );
    for (let seed = 0; seed < 10; seed += 1) {
      const { scheduler } = await play(codes, new RandomStrategy(`${seed}`));
      const { choices, labels } = scheduler;
      const again = await play(codes, new ReplayStrategy(choices));
      assert.deepEqual(again.scheduler.labels, labels);
      assert.deepEqual(again.scheduler.choices, choices);
    }
  });
});

const goOn: Strategy = new ReplayStrategy([]);
