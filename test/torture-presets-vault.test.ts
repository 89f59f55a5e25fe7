import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  created,
  familyOf,
  latestOf,
  revoked,
  rotated,
  stateOf,
} from '../src/torture/presets/vault/family.ts';
import { kl } from '../src/torture/presets/vault/kl.ts';
import { crashImages, kill, PoolSet, runPresets, selectPresets } from '../src/torture.ts';
import { type Fault, faulty } from './twins/vault/faults.ts';

const pools = new PoolSet({ workers: 4, processes: 4 });
after(() => pools[Symbol.asyncDispose]());

/** What each fault must trip, preset by preset: every invariant stands here, so every one can fail. */
const tripped: Readonly<Record<string, Partial<Record<Fault, readonly string[]>>>> = {
  K1: {
    'reveals-anything': ['everybody reads the same'],
    'is-ahead': ['what is read was there', 'the last version is in use'],
    'remembers-latest': ['no latest version is stale'],
    'reveals-revoked': ['nobody reads what is revoked'],
    'reveals-nothing': ['nobody is refused what is there'],
    'is-unsound': ['sound'],
  },
  K2: {
    forgets: ['every key is there'],
    'adds-keys': ['nothing else is there'],
    garbles: ['content exact'],
    'is-unsound': ['sound'],
  },
  K3: { 'remembers-latest': ['linearizable'], 'keeps-both': ['sound', 'linearizable'] },
  K4: {
    forgets: ['every write persisted'],
    garbles: ['content exact', 'what was read is exact'],
    'reveals-nothing': ['what was made is found'],
    'logs-twice': ['every write is in the log once'],
    'seals-nothing': ['nothing lies in the files as it is'],
    'is-unsound': ['sound'],
  },
  K5: {
    'reveals-revoked': ['linearizable'],
    'lists-no-first': ['lists go with the rest'],
    tires: ['usable afterwards'],
    'is-unsound': ['sound'],
  },
  K6: {
    garbles: ['contents are exact'],
    'lists-one-more': ['every key is whole'],
    'admits-fault': ['sound'],
  },
  K7: {
    garbles: [
      'what was imported is exact',
      'what was exported is left as it is',
      'what was exported is exact elsewhere',
    ],
    'is-unsound': ['sound'],
  },
  KL: { 'lists-no-first': ['linearizable'], 'is-unsound': ['sound'] },
};

describe('an invariant of the vault that cannot fail is none', () => {
  test('each of them has a fault that trips it', () => {
    for (const { declared } of selectPresets([], 'vault')) {
      const { name, invariants = {}, expect = [] } = declared;
      // Nothing that the rig watches over by itself.
      const all = [...Object.keys(invariants), ...expect].filter((one) => one !== 'no-deadlock');
      const faults: readonly (readonly string[])[] = Object.values(tripped[name] ?? {});
      assert.deepEqual(new Set(faults.flat()), new Set(all), name);
    }
  });

  for (const [preset, faults] of Object.entries(tripped)) {
    for (const [fault, invariants] of Object.entries(faults)) {
      test(`${preset} of a vault that ${fault.replaceAll('-', ' ')}: ${invariants.join(', ')}`, async () => {
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

describe('presets of the vault', () => {
  test('run in threads on a vault in memory and on one in a file, and in processes on the latter', async () => {
    const presets = ['K1', 'K2', 'K4', 'K7'];
    const { verdict, runs } = await runPresets({ presets, seed: '1', pools });
    assert.equal(verdict, 'ok', JSON.stringify(runs.map(({ violations }) => violations)));
    const both = (name: string, title: string) => [
      `${name} threads ${title}, memory`,
      `${name} threads ${title}`,
    ];
    assert.deepEqual(
      runs.map(({ name, mode, title }) => `${name} ${mode} ${title}`),
      [
        ...both('K1', 'reads of a key'),
        ...both('K2', 'distinct keys'),
        'K4 threads file store',
        ...both('K7', 'export/import'),
        'K1 processes reads of a key',
        'K2 processes distinct keys',
        'K4 processes file store',
        'K7 processes export/import',
      ],
    );
  });

  test('KL is ok while workers are killed and images of the vault are opened', async () => {
    const { verdict, runs } = await runPresets({ presets: ['KL'], modes: ['crash'], pools });
    assert.equal(verdict, 'ok', JSON.stringify(runs[0]?.violations));
    const faults = runs[0]?.faults.map(({ fault }) => fault);
    assert.deepEqual(faults, [kill().kind, crashImages().kind]);
    assert.ok(runs[0]?.faults.every(({ hit }) => hit > 0));
  });

  test('of several stores take no subject that would have to be all of them', async () => {
    await assert.rejects(runPresets({ subject: faulty('forgets') }), {
      name: 'RangeError',
      message: /one store/,
    });
  });

  test('K6 that stands still for five seconds is given up', () => {
    assert.equal(selectPresets(['K6'])[0]?.stallMs, 5000);
  });
});

describe('the model of one key', () => {
  test('makes a key once, and versions that follow one another', () => {
    assert.deepEqual(created(''), { answer: 'ok', next: 'A' });
    assert.deepEqual(created('DA'), { answer: 'CONFLICT', next: 'DA' });
    assert.deepEqual(rotated('DA'), { answer: 3, next: 'DDA' });
    assert.deepEqual(rotated('DA', 2), { answer: 3, next: 'DDA' });
    assert.equal(rotated('DA', 1).answer, 'CONFLICT');
    assert.equal(rotated('DR').answer, 'KEY_STATE');
    assert.equal(rotated('').answer, 'NOT_FOUND');
  });

  test('revokes what is there, for good', () => {
    assert.deepEqual(revoked('DA', 1), { answer: 'ok', next: 'RA' });
    assert.deepEqual(revoked('DA', 1, 2), { answer: 'ok', next: 'RA' });
    assert.equal(revoked('DA', 1, 1).answer, 'CONFLICT');
    assert.equal(revoked('DA', 3).answer, 'NOT_FOUND');
    assert.deepEqual(revoked('RR', 2, 2), { answer: 'ok', next: 'RR' });
  });

  test('knows the version in use, and the state of each', () => {
    assert.equal(latestOf('DRA').answer, 3);
    assert.equal(latestOf('DR').answer, 'KEY_STATE');
    assert.equal(latestOf('').answer, 'NOT_FOUND');
    assert.equal(stateOf('DRA', 2).answer, 'R');
    assert.equal(stateOf('DRA', 4).answer, 'none');
    const row = { key: 'k', version: 1 };
    assert.equal(familyOf(['Deprecated', 'Active'].map((state) => ({ ...row, state }))), 'DA');
  });
});

describe('the model of KL', () => {
  const { create, rotate, list } = kl.ops;
  const all = { k0: 'DA', k1: '', k2: '' };

  test('says of an operation that was killed what it has left if it has happened', () => {
    const unseen = undefined;
    assert.deepEqual(create.spec?.(all, { key: 'k1' }, unseen as never), { ...all, k1: 'A' });
    const wish = { key: 'k0', expected: 2 };
    assert.deepEqual(rotate.spec?.(all, wish, unseen as never), { ...all, k0: 'DDA' });
    assert.deepEqual(rotate.spec?.(all, { key: 'k0', expected: 1 }, unseen as never), all);
    assert.equal(list.spec?.(all, null, unseen as never), true);
  });

  test('lists exactly what is there', () => {
    assert.equal(list.spec?.(all, null, { k0: 'DA' }), true);
    assert.notEqual(list.spec?.(all, null, { k0: 'AA' }), true);
    assert.notEqual(list.spec?.(all, null, {}), true);
  });
});
