import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { scenarioList } from '../src/cli/torture/list.ts';
import { clientCount, type Phase } from '../src/torture/declare/plan.ts';
import { p3 } from '../src/torture/presets/ports/p3.ts';
import { pl } from '../src/torture/presets/ports/pl.ts';
import {
  catalogue,
  crashImages,
  History,
  importDeclaration,
  kill,
  type Mode,
  type Operation,
  PoolSet,
  runPresets,
  runTorture,
  selectPresets,
} from '../src/torture.ts';
import { type Fault, faulty } from './twins/faults.ts';

const modes: readonly Mode[] = ['threads', 'processes', 'crash', 'cli'];

describe('the catalogue', () => {
  test('has every scenario of the seeds once, and three of ours', () => {
    const ids = catalogue.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const upTo = (letter: string, last: number) =>
      Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
    const seeds = { K: 7, V: 5, R: 6, C: 13, F: 9, M: 7, P: 11, T: 4 };
    const expected = Object.entries(seeds).flatMap(([letter, last]) => upTo(letter, last));
    assert.deepEqual(
      catalogue.filter(({ isOurs }) => !isOurs).map(({ id }) => id),
      expected,
    );
    assert.equal(expected.length, 62);
    assert.deepEqual(
      catalogue.filter(({ isOurs }) => isOurs).map(({ id }) => id),
      ['KL', 'PL', 'TL'],
    );
  });

  for (const { id, store, isAvailable, checks } of catalogue) {
    if (!isAvailable) {
      test(`${id} is refused, with the name of its store`, () => {
        assert.throws(() => selectPresets([id]), {
          name: 'RangeError',
          message: new RegExp(`^${id} .*${store}`),
        });
      });
      continue;
    }
    test(`${id} can be run: workers find it, and each mode has a plan of its operations`, async () => {
      const [preset] = selectPresets([id.toLowerCase()]);
      assert.ok(preset);
      const { module, name, ops, plan } = preset.declared;
      assert.equal(name, id);
      assert.equal((await importDeclaration(module, name)).name, id);
      for (const mode of modes) {
        const phases = plan?.({ mode, full: false }).phases ?? [];
        assert.ok(clientCount(phases) > 0);
        assert.deepEqual(
          phases.flatMap(doneIn).filter((f) => !Object.hasOwn(ops, f)),
          [],
        );
      }
      assert.ok(checks.length >= 2, checks.join(', '));
    });
  }

  test('prints as a table of at most 100 columns, a block for each store, with the count', () => {
    const text = scenarioList(catalogue);
    const lines = text.trimEnd().split('\n');
    assert.ok(
      lines.every((line) => line.length <= 100),
      text,
    );
    assert.equal(text.split('\n\n').length, 7);
    assert.match(text, /^P2 +ports +1 × 20 \+ 10 × 50 +every read succeeds +yes$/m);
    assert.match(text, /^PL .* yes, ours$/m);
    assert.match(text, /^M7 .* -$/m);
    assert.equal(lines.at(-1), '62 scenarios of the seeds, 3 of ours; 25 available');
  });
});

describe('holdfast torture', () => {
  function holdfast(...args: string[]) {
    const { NODE_TEST_CONTEXT, NODE_EXTRA_CA_CERTS, ...env } = process.env;
    const program = join(import.meta.dirname, '..', 'bin', 'holdfast.js');
    return spawnSync(process.execPath, [program, 'torture', ...args], { env, encoding: 'utf8' });
  }

  test('--list prints the catalogue, with --json all that is known of it', () => {
    assert.equal(holdfast('--list').stdout, scenarioList(catalogue));
    const { status, stdout } = holdfast('--list', '--json');
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(catalogue)));
  });

  test('names the store of a scenario that cannot be run yet', () => {
    const { status, stderr } = holdfast('P1', 'm3');
    assert.equal(status, 2);
    assert.match(stderr, /^error: M3 cannot be run yet: it comes with the memory store\n/);
  });

  test('--list takes no scenario', () => {
    assert.equal(holdfast('--list', 'P1').status, 2);
  });
});

function doneIn({ roles }: Phase): string[] {
  return roles.flatMap(({ does }): string[] => {
    if (typeof does === 'string') return [does];
    return Array.isArray(does) ? [...does] : Object.keys(does);
  });
}

const pools = new PoolSet({ workers: 4 });
after(() => pools[Symbol.asyncDispose]());

/** What each fault must trip, preset by preset: every invariant stands here, so every one can fail. */
const tripped: Readonly<Record<string, Partial<Record<Fault, readonly string[]>>>> = {
  P1: {
    'skips-one': ['lowest ports'],
    forgets: ['no port twice', 'printed is stored'],
    moves: ['same map again'],
    'adds-rows': ['nothing else is stored'],
    tires: ['all-ok'],
  },
  P2: {
    'lists-no-first': ['lists are prefixes'],
    'lists-wrong-ports': ['lists show what was given'],
    'lists-old-rows': ['lists never shrink'],
    'lists-one-port': ['no port twice'],
    forgets: ['everything is there in the end'],
    tires: ['all-ok'],
  },
  P3: {
    'is-unsound': ['sound'],
    'admits-fault': ['sound'],
    forgets: ['printed is stored'],
    'adds-rows': ['nothing else is stored'],
    'gives-one': ['no port twice'],
    'goes-beyond': ['ports of the range'],
    refuses: ['nobody is refused'],
  },
  P4: {
    'lists-no-first': ['no part of a group'],
    'lists-nothing': ['acknowledged groups are seen', 'every group is whole in the end'],
    'leaves-gaps': ['ports of a group follow one another'],
    tires: ['all-ok'],
  },
  P5: {
    'keeps-one': ['exactly the pool'],
    forgets: ['no port twice', 'printed is stored'],
    'is-curt': ['clean refusals'],
    'adds-rows': ['nothing of the refused is stored'],
  },
  P6: {
    'reads-nothing': ['lowest ports of the two ranges'],
    'reads-once': ['the configuration is obeyed'],
    'overwrites-config': ['no exclusion is lost'],
    forgets: ['no port twice', 'printed is stored'],
    tires: ['all-ok'],
  },
  P7: {
    'cleans-all': ['what was used is kept', 'groups are whole'],
    'cleans-nothing': ['what nobody used is gone'],
    'counts-twice': ['each is cleaned up once'],
    tires: ['all-ok'],
    'is-unsound': ['sound'],
  },
  P8: {
    'finds-room': ['every group is refused'],
    'lists-one-more': ['no list shows a change', 'nothing has changed in the end'],
    'is-unsound': ['sound'],
  },
  P9: {
    forgets: ['every reservation is listed', 'no port twice'],
    'skips-one': ['lowest ports'],
    'is-large': ['files are bounded'],
    tires: ['all-ok'],
    'is-unsound': ['sound'],
  },
  P10: {
    'lists-one-more': ['empty in the end'],
    'is-large': ['the file stays small'],
    'is-unsound': ['sound'],
    'releases-always': ['linearizable'],
  },
  P11: { 'lists-no-first': ['every row each time'], tires: ['all-ok'] },
  PL: { 'lists-no-first': ['linearizable'], 'is-unsound': ['sound'], refuses: ['linearizable'] },
};

describe('an invariant that cannot fail is none', () => {
  test('each of them has a fault that trips it', () => {
    for (const { declared } of selectPresets([], 'ports')) {
      const { name, invariants = {}, expect = [] } = declared;
      // Nothing that the rig watches over by itself.
      const all = [...Object.keys(invariants), ...expect].filter((one) => one !== 'no-deadlock');
      const faults: readonly (readonly string[])[] = Object.values(tripped[name] ?? {});
      const shown = [
        ...faults.flat(),
        ...(name === 'P3' ? ['who is killed keeps what he had'] : []),
      ];
      assert.deepEqual(new Set(shown), new Set(all), name);
    }
  });

  for (const [preset, faults] of Object.entries(tripped)) {
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

  test('P3 of a command line that gives another port after a kill', async () => {
    const invariant = p3.invariants?.['who is killed keeps what he had'];
    const askAgain = (before: number | undefined) =>
      operation({ f: 'askAgain', input: 'd0', output: { before, port: 21_001 } });
    const found = (before: number | undefined) =>
      // It looks at the history alone.
      invariant?.(undefined as never, new History([askAgain(before)]), undefined as never);
    assert.deepEqual(found(undefined), []);
    assert.deepEqual(found(21_001), []);
    assert.partialDeepStrictEqual(found(21_000), [{ message: '21000 became 21001' }]);
  });
});

describe('the model of PL', () => {
  const { reserve, group, release, list } = pl.ops;
  const rows = [
    { path: 'd0', tag: undefined, port: 20_000 },
    { path: 'd1', tag: 'port-0', port: 20_002 },
    { path: 'd1', tag: 'port-1', port: 20_003 },
  ];
  const full = [
    ...rows,
    { path: 'd2', tag: undefined, port: 20_001 },
    { path: 'd3', tag: undefined, port: 20_004 },
  ];

  test('gives the lowest free port, the port that is there, or none', () => {
    const d2 = { path: 'd2', tag: undefined, port: 20_001 };
    assert.deepEqual(reserve.spec?.(rows, 'd2', 20_001), [...rows, d2]);
    assert.partialDeepStrictEqual(reserve.spec?.(rows, 'd2', 20_004), {
      illegal: 'd2 is given 20004 where 20001 is to be had',
    });
    assert.equal(reserve.spec?.(rows, 'd0', 20_000), true);
    assert.ok(isIllegal(reserve.spec?.(rows, 'd0', 20_001)));
    assert.equal(reserve.spec?.(full, 'd4', 'exhausted'), true);
    assert.ok(isIllegal(reserve.spec?.(rows, 'd4', 'exhausted')));
    assert.ok(isIllegal(reserve.spec?.(full, 'd4', 20_004)));
  });

  test('gives a group the lowest ports that follow one another', () => {
    assert.equal(group.spec?.(rows, 'd1', [20_002, 20_003]), true);
    assert.equal(group.spec?.(rows, 'd2', 'exhausted'), true);
    assert.ok(isIllegal(group.spec?.(rows, 'd2', [20_001, 20_004])));
    assert.deepEqual(group.spec?.([], 'd2', [20_000, 20_001]), [
      { path: 'd2', tag: 'port-0', port: 20_000 },
      { path: 'd2', tag: 'port-1', port: 20_001 },
    ]);
  });

  test('releases every row of a directory, and lists exactly what is there', () => {
    assert.deepEqual(release.spec?.(rows, 'd1', 2), rows.slice(0, 1));
    assert.ok(isIllegal(release.spec?.(rows, 'd1', 1)));
    assert.equal(list.spec?.(rows, null, rows), true);
    assert.ok(isIllegal(list.spec?.(rows, null, rows.slice(1))));
    assert.ok(isIllegal(list.spec?.(rows, null, rows.toReversed())));
  });

  test('says of an operation that was killed what it has left if it has happened', () => {
    const unseen = undefined as never;
    assert.deepEqual(reserve.spec?.(rows, 'd2', unseen), reserve.spec?.(rows, 'd2', 20_001));
    assert.equal(reserve.spec?.(full, 'd4', unseen), true);
    assert.deepEqual(group.spec?.([], 'd2', unseen), group.spec?.([], 'd2', [20_000, 20_001]));
    assert.deepEqual(release.spec?.(rows, 'd1', unseen), release.spec?.(rows, 'd1', 2));
    assert.equal(list.spec?.(rows, null, unseen), true);
  });
});

describe('PL while workers are killed and images of the store are opened', () => {
  test('is ok on the real store', async () => {
    const faults = [kill(), crashImages({ limit: 5 })];
    const { verdict, runs } = await runTorture(pl, { mode: 'crash', faults, pools });
    assert.equal(verdict, 'ok', JSON.stringify(runs[0]?.violations));
    assert.ok(
      runs[0]?.faults.every(({ hit }) => hit > 0),
      JSON.stringify(runs[0]?.faults),
    );
  });

  test('finds halves of groups that nobody could have seen otherwise', async () => {
    const subject = new URL('./twins/group-in-two-commits.ts', import.meta.url).href;
    const calm = await runPresets({ presets: ['PL'], modes: ['threads'], subject, pools });
    assert.equal(calm.verdict, 'ok');
    const seeds = ['1', '2', '3', '4', '5'];
    for (const seed of seeds) {
      const options = {
        mode: 'crash',
        faults: [crashImages({ limit: 15 })],
        subject,
        seed,
        bails: true,
        pools,
      } as const;
      const { verdict, runs } = await runTorture(pl, options);
      if (verdict !== 'violation') continue;
      assert.equal(runs[0]?.violations[0]?.invariant, 'linearizable');
      return;
    }
    assert.fail(`no half of a group was found with seeds ${seeds.join(' ')}`);
  });
});

function isIllegal(step: unknown): boolean {
  return typeof step === 'object' && step !== null && 'illegal' in step;
}

function operation(some: Pick<Operation, 'f' | 'input' | 'output'>): Operation {
  const when = { phase: 'again', round: 0, invokedAt: 0, returnedAt: 1 };
  return { process: 0, outcome: 'ok', ...when, ...some };
}
