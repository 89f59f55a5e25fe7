import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { classify } from './classify.ts';
import type { Use } from './cpu.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Look } from './look.ts';
import { StallWatch } from './stall-watch.ts';

const EVERY_MS = 100;
const LIMITS = { stallMs: 2000, slowMs: 5000 };

/** How one worker with one client behaves between two looks. */
interface Habit {
  readonly returns: number;
  readonly cpuMs: number;
  readonly state: Use['state'];
  readonly isBetween?: boolean;
  readonly group?: string;
}

type Habits = (look: number) => Habit;

const works: Habits = () => ({ returns: 40, cpuMs: 50, state: 'running' });
const sleeps: Habits = () => ({ returns: 0, cpuMs: 0, state: 'sleeping' });
const spins: Habits = () => ({ returns: 0, cpuMs: EVERY_MS, state: 'running' });
/** Wants to run, and is not let. */
const queues: Habits = () => ({ returns: 0, cpuMs: 3, state: 'running' });

/** Looks at workers of one client each. */
function looksAt(count: number, workers: readonly Habits[], everyMs = EVERY_MS): Look[] {
  const returned = workers.map(() => 0);
  const cpuMs = workers.map(() => 0);
  return Array.from({ length: count }, (_, look) => {
    const habits = workers.map((habitsOf) => habitsOf(look));
    for (const [worker, habit] of habits.entries()) {
      returned[worker] = (returned[worker] ?? 0) + habit.returns;
      cpuMs[worker] = (cpuMs[worker] ?? 0) + habit.cpuMs;
    }
    return {
      atMs: look * everyMs,
      clients: habits.map(({ isBetween = false, group = 'all' }, worker) => ({
        ...{ group, worker, returned: returned[worker] ?? 0, isInFlight: !isBetween },
      })),
      workers: habits.map(({ state }, worker) => ({ cpuMs: cpuMs[worker] ?? 0, state })),
    };
  });
}

function kindOf(looks: readonly Look[]): Diagnosis['kind'] | undefined {
  return classify(looks, LIMITS)?.kind;
}

const someWorkers = fc.integer({ min: 1, max: 8 });
const someLooks = fc.integer({ min: 60, max: 120 });
/** Numbers from 0 up to 1, one for each worker and look. */
const noise = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));

describe('nothing is wrong', () => {
  test('while every client gets on, however unevenly the machine lets them', () => {
    const states = fc.infiniteStream(fc.constantFrom('running', 'sleeping', 'disk', undefined));
    fc.assert(
      fc.property(someWorkers, someLooks, noise, states, (count, length, random, state) => {
        const draw = () => random.next().value as number;
        const habits: Habits = () => ({
          ...{ returns: 1 + Math.floor(draw() * 40), cpuMs: draw() * EVERY_MS },
          state: state.next().value,
        });
        const looks = looksAt(length, new Array<Habits>(count).fill(habits));
        assert.equal(kindOf(looks), undefined);
      }),
    );
  });

  test('when workers that want to run are not let, however long', () => {
    fc.assert(
      fc.property(someWorkers, someLooks, noise, (count, length, random) => {
        const habits: Habits = () => ({
          ...queues(0),
          cpuMs: (random.next().value as number) * 10,
        });
        const looks = looksAt(length, new Array<Habits>(count).fill(habits));
        assert.equal(kindOf(looks), undefined);
        assert.equal(kindOf(looksAt(length, [habits, works, works])), undefined);
      }),
    );
  });

  test('when the rig itself has not looked for an hour', () => {
    const before = looksAt(10, [works, sleeps]);
    const [last] = before.slice(-1);
    assert.ok(last);
    const after = { ...last, atMs: last.atMs + 3_600_000 };
    assert.equal(kindOf([...before, after, { ...after, atMs: after.atMs + EVERY_MS }]), undefined);
  });

  test('before the time is up', () => {
    const ways = fc.constantFrom(sleeps, spins, works, queues);
    fc.assert(
      fc.property(fc.array(ways, { minLength: 1, maxLength: 6 }), fc.nat(20), (workers, length) => {
        assert.equal(kindOf(looksAt(length, workers)), undefined);
      }),
    );
  });

  test('when nobody has an operation in flight', () => {
    const idle: Habits = () => ({ ...sleeps(0), isBetween: true });
    assert.equal(kindOf(looksAt(100, [idle, idle])), undefined);
  });

  test('while a worker waits for its device', () => {
    const atDisk: Habits = (look) => ({
      ...sleeps(0),
      state: look % 2 === 0 ? 'disk' : 'sleeping',
    });
    assert.equal(kindOf(looksAt(100, [atDisk, sleeps])), undefined);
  });

  test('when the workers are not known to sleep all along', () => {
    const unknown: Habits = () => ({ ...sleeps(0), state: undefined });
    assert.equal(kindOf(looksAt(100, [unknown, unknown])), undefined);
    const seldomKnown: Habits = (look) => (look % 2 === 0 ? sleeps(look) : unknown(look));
    assert.equal(kindOf(looksAt(100, [seldomKnown])), undefined);
  });

  test('while a worker that is seen asleep computes between the looks', () => {
    const inBetween: Habits = () => ({ returns: 0, cpuMs: EVERY_MS / 4, state: 'sleeping' });
    assert.equal(kindOf(looksAt(60, [inBetween, sleeps])), undefined);
  });
});

describe('deadlock', () => {
  test('is workers that sleep over operations, those included that ask again and again', () => {
    fc.assert(
      fc.property(someWorkers, someLooks, noise, (count, length, random) => {
        const asks: Habits = (look) => ({
          ...{ returns: 0, cpuMs: (random.next().value as number) * 10 },
          state: look % 8 === 0 ? 'running' : 'sleeping',
        });
        const looks = looksAt(length, new Array<Habits>(count).fill(asks));
        const found = classify(looks, LIMITS);
        assert.equal(found?.kind, 'deadlock');
        assert.deepEqual(found.clients, [...new Array(count).keys()]);
      }),
    );
  });

  test('is not taken for a livelock where who asks again and again stands in long queues', () => {
    const queuesToAsk: Habits = (look) => ({
      ...{ returns: 0, cpuMs: 6, state: look % 3 === 0 ? 'sleeping' : 'running' },
    });
    const kinds = [60, 100, 1000].map((count) => kindOf(looksAt(count, [queuesToAsk, sleeps])));
    assert.deepEqual(kinds, ['deadlock', 'deadlock', 'deadlock']);
  });

  test('is told of those that worked at their operation before they fell asleep', () => {
    const tires: Habits = (look) => ({ ...sleeps(look), cpuMs: look < 15 ? EVERY_MS : 0 });
    assert.equal(kindOf(looksAt(30, [tires, sleeps])), undefined);
    assert.equal(kindOf(looksAt(60, [tires, sleeps])), 'deadlock');
  });

  test('is told from clients that had got on before, and leaves out who is not in it', () => {
    const gotOn: Habits = (look) => (look < 50 ? works(look) : sleeps(look));
    const done: Habits = (look) => ({ ...gotOn(look), isBetween: look >= 50 });
    const found = classify(looksAt(80, [gotOn, done, gotOn]), LIMITS);
    assert.deepEqual([found?.kind, found?.clients], ['deadlock', [0, 2]]);
    assert.match(
      found?.message ?? '',
      /no operation has returned for 3\.0 s.*workers 0, 2 are asleep/,
    );
  });

  test('is not said while one is stopped that may hold what the others wait for', () => {
    const stops: Habits = (look) => ({
      ...sleeps(look),
      state: look < 85 ? 'sleeping' : 'stopped',
    });
    const looks = looksAt(90, [stops, sleeps]);
    assert.equal(kindOf(looks), undefined);
  });

  test('is not said while one is not let begin what the others may wait for', () => {
    const toBegin: Habits = () => ({ ...queues(0), isBetween: true });
    assert.equal(kindOf(looksAt(90, [sleeps, toBegin])), undefined);
  });
});

describe('livelock', () => {
  test('is one that computes as long as all may stand still, while others may sleep', () => {
    fc.assert(
      fc.property(
        someLooks,
        fc.array(fc.constantFrom(sleeps, queues), { maxLength: 5 }),
        (length, others) => {
          const found = classify(looksAt(length, [spins, ...others]), LIMITS);
          assert.deepEqual([found?.kind, found?.workers], ['livelock', [0]]);
        },
      ),
    );
  });

  test('takes longer to tell where many spin on few processors', () => {
    const spinsInTurn: Habits = () => ({ returns: 0, cpuMs: EVERY_MS / 10, state: 'running' });
    const workers = new Array<Habits>(20).fill(spinsInTurn);
    assert.equal(kindOf(looksAt(190, workers)), undefined);
    assert.equal(kindOf(looksAt(210, workers)), 'livelock');
  });
});

describe('stopped', () => {
  const stopped: Habits = (look) =>
    look < 30 ? works(look) : { ...sleeps(look), state: 'stopped' };

  test('is told of a worker whose clients it holds up, and of one that holds up all', () => {
    const goesOn = classify(looksAt(60, [works, stopped, works]), LIMITS);
    assert.deepEqual([goesOn?.kind, goesOn?.workers, goesOn?.clients], ['stopped', [1], [1]]);
    const between: Habits = (look) => ({ ...stopped(look), isBetween: true });
    const waits: Habits = (look) => (look < 30 ? works(look) : sleeps(look));
    const all = classify(looksAt(60, [waits, between]), LIMITS);
    assert.deepEqual([all?.kind, all?.workers, all?.clients], ['stopped', [1], [0]]);
  });

  test('is not told of a short stop, nor of one between two operations', () => {
    const shortly: Habits = (look) => (look < 50 ? works(look) : stopped(look));
    assert.equal(kindOf(looksAt(60, [works, shortly])), undefined);
    const between: Habits = (look) => ({ ...stopped(look), isBetween: look >= 30 });
    assert.equal(kindOf(looksAt(60, [works, between])), undefined);
  });
});

describe('starvation', () => {
  const little: Habits = (look) => ({
    returns: look % 5 === 0 ? 1 : 0,
    cpuMs: 1,
    state: 'sleeping',
  });

  test('is one that gets less than a tenth of what its peers get', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), someLooks, (others, length) => {
        const found = classify(looksAt(length, [...new Array(others).fill(works), little]), LIMITS);
        assert.deepEqual([found?.kind, found?.clients], ['starvation', [others]]);
      }),
    );
  });

  test('is that of one that asks for a lock again and again, too', () => {
    const asks: Habits = (look) => ({
      ...little(look),
      state: look % 4 === 0 ? 'running' : 'sleeping',
    });
    assert.equal(kindOf(looksAt(90, [works, works, asks])), 'starvation');
  });

  test('is none for a client that asks for little, nor where there is little to be had', () => {
    const pauses: Habits = (look) => ({ ...little(look), isBetween: look % 2 === 0 });
    assert.equal(kindOf(looksAt(90, [works, works, pauses])), undefined);
    const seldom: Habits = () => ({ returns: 4, cpuMs: 10, state: 'sleeping' });
    assert.equal(kindOf(looksAt(90, [seldom, seldom, little])), undefined);
  });

  test('is none for operations of another kind, unless one is passed over asleep for too long', () => {
    const exports: Habits = (look) => ({
      ...little(look),
      group: 'export',
      cpuMs: 80,
      state: 'running',
    });
    assert.equal(kindOf(looksAt(90, [works, works, exports])), undefined);
    const keptOut: Habits = (look) => ({ ...sleeps(look), group: 'write' });
    const found = classify(looksAt(90, [works, works, keptOut]), LIMITS);
    assert.deepEqual([found?.kind, found?.clients], ['starvation', [2]]);
  });
});

describe('slow', () => {
  test('is an operation in flight for longer than it may be, while others return', () => {
    const computes: Habits = (look) => ({ ...spins(look), group: 'export' });
    assert.equal(kindOf(looksAt(48, [works, computes])), undefined);
    const found = classify(looksAt(60, [works, computes]), LIMITS);
    assert.deepEqual([found?.kind, found?.clients], ['slow', [1]]);
  });
});

describe('watch', () => {
  const ways = [works, sleeps, spins, queues];
  const stops: Habits = () => ({ ...sleeps(0), state: 'stopped' });
  /** Stretches of looks in which each worker keeps to one way. */
  const course = fc.array(
    fc.record({
      looks: fc.integer({ min: 1, max: 70 }),
      workers: fc.array(fc.constantFrom(...ways, stops), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  );

  test('says at every look what all looks together say, though it forgets the old ones', () => {
    fc.assert(
      fc.property(course, (stretches) => {
        const plan = stretches.flatMap(({ looks, workers }) =>
          new Array<readonly Habits[]>(looks).fill(workers),
        );
        const habits = [0, 1, 2].map<Habits>(
          (worker) => (look) => (plan[look]?.[worker] ?? sleeps)(look),
        );
        const looks = looksAt(plan.length, habits);
        const watch = new StallWatch(LIMITS);
        for (const [index, look] of looks.entries()) {
          assert.deepEqual(watch.look(look), classify(looks.slice(0, index + 1), LIMITS));
        }
      }),
    );
  });

  test('does not count time in which a worker waits for the machine, or for a device', () => {
    const polls: Habits = (look) => ({
      ...{ returns: 0, cpuMs: EVERY_MS / 2, state: look % 2 === 0 ? 'sleeping' : 'running' },
    });
    const atDisk: Habits = () => ({ ...sleeps(0), state: 'disk' });
    const stillMs = (...workers: readonly Habits[]) => {
      const watch = new StallWatch(LIMITS);
      for (const look of looksAt(41, workers)) watch.look(look);
      return Math.round(watch.stillMs);
    };
    assert.deepEqual([stillMs(sleeps), stillMs(spins), stillMs(polls)], [4000, 4000, 4000]);
    // What they have had.
    assert.deepEqual([stillMs(sleeps, queues), stillMs(sleeps, atDisk)], [120, 0]);
  });

  test('counts as waiting what the kernel says', () => {
    const watch = new StallWatch(LIMITS);
    for (const look of looksAt(41, [sleeps])) {
      const workers = [{ cpuMs: 0, state: 'sleeping' as const, waitedMs: look.atMs * 0.75 }];
      watch.look({ ...look, workers });
    }
    assert.equal(watch.stillMs, 1000);
  });

  test('begins anew when it is told that something else has got on', () => {
    const watch = new StallWatch(LIMITS);
    const looks = looksAt(60, [sleeps]);
    const found = looks.map((look, index) => {
      if (index % 15 === 0) watch.touch();
      return watch.look(look);
    });
    assert.deepEqual(new Set(found), new Set([undefined]));
  });
});
