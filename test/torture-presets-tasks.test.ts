import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  advanced,
  canceled,
  finished,
  type JobState,
  nothing,
  possible,
  registered,
  removed,
  sightOf,
  started,
  stepOf,
  type Wish,
} from '../src/torture/presets/tasks/job-state.ts';
import { normalised, spelled } from '../src/torture/presets/tasks/joins.ts';
import { crashImages, kill, PoolSet, runPresets, selectPresets } from '../src/torture.ts';
import { type Fault, faulty } from './twins/tasks/faults.ts';

const pools = new PoolSet({ workers: 4, processes: 4 });
after(() => pools[Symbol.asyncDispose]());

/** What each fault must trip, preset by preset: every invariant stands here, so every one can fail. */
const tripped: Readonly<Record<string, Partial<Record<Fault, readonly string[]>>>> = {
  T1: {
    'splits-names': ['one name'],
    forgets: ['exactly ten tasks'],
    'tells-twice': ['each is told once'],
    'counts-one-more': ['counts go with lists'],
    'lists-no-first': ['what is registered is listed'],
    'is-unsound': ['sound'],
  },
  T3: {
    'accepts-all': ['one is first'],
    'refuses-all': ['ten generations'],
    'lists-twice': ['one task', 'sound'],
    'tells-replaced-as-stored': ['told in the order of commits'],
    'detaches-nobody': ['who is last goes on', 'nine are detached'],
    'aborts-nobody': ['nine are detached'],
    'is-unsound': ['sound'],
  },
  T4: {
    'skips-numbers': ['no gap in the log'],
    'tells-twice': ['no gap in what is told of a task'],
    'tells-backwards': ['nothing before it is there or after it is gone'],
    'tells-ends-twice': ['one end'],
    'goes-back': ['progress only grows'],
    'tells-no-removal': ['everything is told once', 'the log makes the table'],
    'hears-half': ['who follows hears the log', 'tables are what is listed'],
    'swallows-errors': ['who throws is told so, and nobody else'],
    'loses-nobody': ['the dead lose each task once', 'sound'],
  },
  TL: {
    'accepts-all': ['linearizable'],
    'skips-numbers': ['the log is whole'],
    'tells-ends-twice': ['one end'],
    'tells-no-removal': ['what was answered is told'],
    'loses-the-living': ['only the dead lose', 'linearizable'],
    'is-unsound': ['sound'],
  },
};

/** T2 is T1 over and over; what is its own is shown here. */
const ofT2 = { forgets: ['one name', 'exactly ten tasks', 'one file'] };

describe('an invariant of tasks that cannot fail is none', () => {
  test('each of them has a fault that trips it', () => {
    for (const { declared } of selectPresets([], 'tasks')) {
      const { name, invariants = {}, expect = [] } = declared;
      // Nothing that the rig watches over by itself.
      const all = [...Object.keys(invariants), ...expect].filter((one) => one !== 'no-deadlock');
      const faults: readonly (readonly string[])[] =
        name === 'T2'
          ? [...Object.values(tripped.T1 ?? {}), ...Object.values(ofT2)]
          : Object.values(tripped[name] ?? {});
      assert.deepEqual(new Set(faults.flat()), new Set(all), name);
    }
  });

  for (const [preset, faults] of Object.entries({ ...tripped, T2: ofT2 })) {
    for (const [fault, invariants] of Object.entries(faults)) {
      test(`${preset} of a store that ${fault.replaceAll('-', ' ')}: ${invariants.join(', ')}`, async () => {
        const { runs } = await runPresets({
          presets: [preset],
          modes: ['threads'],
          subject: faulty(fault as Fault),
          seed: '1',
          bails: true,
          pools,
        });
        const found = new Set(runs[0]?.violations.map(({ invariant }) => invariant));
        const missing = invariants.filter((invariant) => !found.has(invariant));
        assert.deepEqual(missing, [], [...found].join(', '));
      });
    }
  }
});

describe('presets of tasks', () => {
  test('run in threads and in processes', async () => {
    const presets = ['T1', 'T3', 'T4'];
    const { verdict, runs } = await runPresets({ presets, seed: '1', pools });
    assert.equal(verdict, 'ok', JSON.stringify(runs.map(({ violations }) => violations)));
    assert.deepEqual(
      runs.map(({ name, mode }) => `${name} ${mode}`),
      ['threads', 'processes'].flatMap((mode) => presets.map((name) => `${name} ${mode}`)),
    );
  });

  test('TL is ok while workers are killed and images of the store are opened', async () => {
    const { verdict, runs } = await runPresets({ presets: ['TL'], modes: ['crash'], pools });
    assert.equal(verdict, 'ok', JSON.stringify(runs[0]?.violations));
    const faults = runs[0]?.faults.map(({ fault }) => fault);
    assert.deepEqual(faults, [kill().kind, crashImages().kind]);
    assert.ok(runs[0]?.faults.every(({ hit }) => hit > 0));
  });

  test('spell one name in five ways', () => {
    const spellings = [0, 1, 2, 3, 4].map((which) => spelled(7, which));
    assert.equal(new Set(spellings).size, 5);
    assert.deepEqual(new Set(spellings.map(normalised)), new Set(['café 7']));
  });
});

describe('the model of TL', () => {
  const wish: Wish = { job: 'k0', client: 1, force: false, amount: 5, mayDie: false };
  const by = (client: number, more: Partial<Wish> = {}) => ({ ...wish, client, ...more });
  const pending = registered(nothing, wish).next;
  const running = started(pending, wish).next;

  test('lets one client have an id, until it has ended or is replaced', () => {
    assert.equal(registered(nothing, wish).answer, 1);
    assert.equal(registered(pending, by(2)).answer, 'CONFLICT');
    const replaced = registered(running, by(2, { force: true }));
    assert.equal(replaced.answer, 2);
    assert.equal(started(replaced.next, wish).answer, 'DETACHED');
    assert.equal(started(replaced.next, by(3)).answer, 'none');
    assert.equal(started(replaced.next, by(2)).answer, 'ok');
    const again = registered(canceled(running, wish).next, by(2));
    assert.equal(again.answer, 2);
    assert.equal(removed(running, by(2)).answer, 'CONFLICT');
    const gone = removed(running, by(2, { force: true }));
    assert.equal(gone.answer, true);
    assert.equal(started(gone.next, wish).answer, 'DETACHED');
    assert.equal(registered(gone.next, wish).answer, 1);
  });

  test('has a start and an end of each job', () => {
    assert.equal(finished(pending, wish).answer, 'ILLEGAL_TRANSITION');
    assert.equal(started(running, wish).answer, 'ILLEGAL_TRANSITION');
    const { next } = finished(advanced(running, wish).next, wish);
    assert.partialDeepStrictEqual(next, { status: 'finished', counted: 10, seen: 10 });
    assert.equal(canceled(next, wish).answer, 'ILLEGAL_TRANSITION');
  });

  test('takes for progress what was counted, and never less than was seen', () => {
    const counted = advanced(running, wish).next;
    const sight = { generation: 1, status: 'running', progress: 3 };
    const [seen] = statesOf(sightOf(counted, wish, sight));
    assert.equal(seen?.seen, 3);
    assert.ok(seen);
    assert.deepEqual(statesOf(sightOf(seen, wish, { ...sight, progress: 2 })), []);
    assert.deepEqual(statesOf(sightOf(seen, wish, { ...sight, progress: 6 })), []);
    assert.deepEqual(statesOf(sightOf(seen, wish, { ...sight, status: 'lost' })), []);
  });

  test('has jobs lost, and handles gone, only where somebody may die', () => {
    assert.deepEqual(possible(running, wish), [running]);
    const mayDie = by(1, { mayDie: true });
    const states = possible(running, mayDie).map(({ status, owner }) => `${status} ${owner}`);
    assert.deepEqual(states, ['running 1', 'lost 1', 'running null', 'lost null']);
    assert.equal(statesOf(stepOf(registered, running, by(2, { mayDie: true }), 2)).length, 1);
    assert.equal(statesOf(stepOf(registered, running, by(2), 2)).length, 0);
    assert.equal(statesOf(stepOf(started, running, mayDie, 'none')).length, 2);
  });
});

function statesOf(step: ReturnType<typeof stepOf>): readonly JobState[] {
  return typeof step === 'object' && 'oneOf' in step ? step.oneOf : [];
}
