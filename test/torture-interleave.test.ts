import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  type AnyDeclared,
  type DeclarationOptions,
  failCalls,
  kill,
  PoolSet,
  parseReplayToken,
  powerLoss,
  type RunReport,
  reportText,
  runTorture,
  type Verdict,
} from '../src/torture.ts';
import { lonely, lossyCounter } from './torture/counters.ts';
import * as stores from './torture/interleaved.ts';
import * as endless from './torture/interleaved-endless.ts';
import * as files from './torture/interleaved-files.ts';
import * as memory from './torture/interleaved-memory.ts';
import * as odd from './torture/interleaved-odd.ts';
import * as processes from './torture/interleaved-processes.ts';

interface Found {
  readonly run: RunReport;
  readonly verdict: Verdict;
  readonly text: string;
}

/** One thread for all: loading the rig takes longer than most runs. */
const pools = new PoolSet();
after(() => pools[Symbol.asyncDispose]());

/** One run in mode interleave. */
async function interleave(declared: AnyDeclared, options: DeclarationOptions = {}): Promise<Found> {
  const report = await runTorture(declared, { mode: 'interleave', seed: '1', pools, ...options });
  const [run] = report.runs;
  assert.ok(run);
  return { run, verdict: report.verdict, text: reportText(report) };
}

/** The counterexample of the one violation that a store is known to have. */
async function violationIn(declared: AnyDeclared, options: DeclarationOptions = {}) {
  const { run, text } = await interleave(declared, options);
  const [violation] = run.violations;
  assert.ok(violation, `nothing was found in ${run.schedules?.tried} schedules\n${text}`);
  const { invariant, message, counterexample } = violation;
  assert.ok(counterexample?.token, text);
  const { operations, schedule = [], token } = counterexample;
  return { run, text, invariant, message, operations, schedule, token };
}

async function assertOk(declared: AnyDeclared, options: DeclarationOptions = {}): Promise<Found> {
  const found = await interleave(declared, { schedules: 120, ...options });
  assert.equal(found.verdict, 'ok', found.text);
  return found;
}

describe('mode interleave', () => {
  describe('an offset that is read, used, and moved on afterwards', () => {
    test('is found with 20 of 20 seeds, and made small', async () => {
      for (let seed = 0; seed < 20; seed += 1) {
        const found = await violationIn(memory.offsets, {
          seed: `${seed}`,
          clients: 2,
          operations: 4,
        });
        assert.equal(found.invariant, 'linearizable');
        assert.ok((found.run.schedules?.tried ?? 0) < 100, found.text);
        assert.equal(found.operations.length, 2, found.text);
        assert.equal(new Set(found.operations.map(({ process }) => process)).size, 2, found.text);
      }
    });

    test('is shown again by its token 100 of 100 times, step by step', async () => {
      const { token, schedule, message } = await violationIn(memory.offsets, { clients: 2 });
      for (let time = 0; time < 100; time += 1) {
        const again = await violationIn(memory.offsets, { replay: token });
        assert.deepEqual([again.schedule, again.message], [schedule, message]);
        assert.equal(again.run.schedules?.tried, 1);
      }
    });

    test('is not found where it is one step', async () => {
      const { run } = await assertOk(memory.soundOffsets, { schedules: 400 });
      assert.equal(run.schedules?.tried, 400);
    });

    test('the same seed tries the same schedules, whatever ran before', async () => {
      const tried = async () => {
        const { run, token } = await violationIn(memory.offsets, { seed: 'again' });
        return [run.schedules?.tried, token];
      };
      const first = await tried();
      await assertOk(stores.lockFile, { schedules: 40 });
      assert.deepEqual(await tried(), first);
    });
  });

  describe('locks', () => {
    test('a lock file that is always taken away again is sound', async () => {
      await assertOk(stores.lockFile);
    });

    test('without finally the others wait for ever', async () => {
      const { invariant, message, operations } = await violationIn(stores.leakedLockFile, {
        clients: 2,
        operations: 4,
      });
      assert.equal(invariant, 'no-deadlock');
      assert.match(message, /livelock/);
      assert.ok(operations.length <= 3);
    });

    test('a lock of the kernel is sound', async () => {
      await assertOk(stores.flocked);
    });

    test('two locks in opposite order are a deadlock, with who waits for what', async () => {
      const { invariant, message, operations } = await violationIn(stores.twoLocks, {
        clients: 2,
        operations: 2,
      });
      assert.equal(invariant, 'no-deadlock');
      assert.match(message, /deadlock: no client can go on/);
      assert.match(message, /client \d waits for: lock a/);
      assert.match(message, /client \d waits for: lock b/);
      assert.equal(operations.length, 2);
    });
  });

  describe('large files', () => {
    test('are never seen half written when they are renamed', async () => {
      await assertOk(files.renamed);
    });

    test('are seen half written when they are written in place', async () => {
      const { invariant, operations } = await violationIn(files.inPlace);
      assert.equal(invariant, 'linearizable');
      const read = operations.find(({ f }) => f === 'get');
      assert.match(String(read?.output), /[a-z]{2}|\d/);
    });
  });

  describe('with faults', () => {
    test('a value that was synced outlives a power loss', async () => {
      const { run } = await assertOk(files.durable, { faults: [powerLoss()] });
      assert.ok((run.faults.find(({ fault }) => fault === 'power-loss')?.hit ?? 0) > 50);
    });

    test('one that was not does not', async () => {
      const { invariant, message, schedule } = await violationIn(files.volatile, {
        faults: [powerLoss()],
      });
      assert.equal(invariant, 'linearizable');
      assert.match(message, /power loss/);
      assert.match(schedule.at(-1) ?? '', /power fails/);
      await assertOk(files.volatile);
    });

    test('a client that is killed leaves two files that differ', async () => {
      const { invariant, schedule } = await violationIn(files.separately, { faults: [kill()] });
      assert.equal(invariant, 'both say the same');
      assert.match(schedule.at(-1) ?? '', /client 0 is killed/);
      await assertOk(files.together, { faults: [kill()] });
      await assertOk(files.separately);
    });

    test('a store that swallows ENOSPC has lost what it acknowledged', async () => {
      const faults = [failCalls({ errors: ['ENOSPC'] })];
      const { invariant, schedule } = await violationIn(files.swallowing, { faults });
      assert.equal(invariant, 'linearizable');
      assert.match(schedule.at(-1) ?? '', /can fail with ENOSPC/);
      await assertOk(files.volatile, { faults });
      await assertOk(files.swallowing);
    });

    test('the last calls fail as well as the first ones', async () => {
      const faults = [kill(), failCalls()];
      const { invariant, schedule } = await violationIn(processes.tired, { faults });
      assert.equal(invariant, 'what was written is there');
      assert.match(schedule.at(-1) ?? '', /can fail with/);
    });

    test('a lock that died with its process does not hold up the next schedule', async () => {
      const { run } = await assertOk(odd.soundInProcess, { faults: [kill()], schedules: 24 });
      assert.ok((run.faults[0]?.hit ?? 0) > 0);
    });

    test('a fault that has nothing to do with it is not in the counterexample', async () => {
      const { schedule, operations } = await violationIn(memory.offsets, { faults: [kill()] });
      assert.equal(operations.length, 2);
      assert.ok(!schedule.some((line) => line.includes('killed')), schedule.join('\n'));
    });
  });

  describe('processes', () => {
    test('do not share what a module keeps', async () => {
      const { operations } = await violationIn(odd.aloneInProcess);
      assert.equal(new Set(operations.map(({ process }) => process)).size, 2);
    });

    test('nor what a module keeps that is imported later', async () => {
      const { verdict, text } = await interleave(odd.lazilyAlone);
      assert.notEqual(verdict, 'ok', text);
    });

    test('have numbers of their own, from the moment on when they are loaded', async () => {
      await assertOk(processes.numbered, { schedules: 40 });
    });

    test('end by themselves, and not this one', async () => {
      const { invariant, message } = await violationIn(processes.exiting);
      assert.equal(invariant, 'workers');
      assert.match(message, /client 1 died: .*process\.exit\(7\)/);
    });

    test('begin to open the store in every order', async () => {
      const { invariant, message, schedule } = await violationIn(odd.opensTwice);
      assert.equal(invariant, 'open');
      assert.match(message, /EEXIST/);
      assert.match(schedule[0] ?? '', /client \d stat made/);
    });

    for (const [declared, reason] of [
      [odd.carelessTimer, /nobody looks/],
      [odd.carelessPromise, /ENOENT/],
      [odd.carelessStream, /ENOENT/],
    ] as const) {
      test(`die of what nobody catches: ${declared.name}`, async () => {
        const { invariant, message } = await violationIn(declared);
        assert.equal(invariant, 'workers');
        assert.match(message, /client \d died: nobody caught/);
        assert.match(message, reason);
      });
    }
  });

  describe('what never comes to an end does here', () => {
    test('as a deadlock, and where that is', async () => {
      const found = await Promise.all(
        [
          endless.hangsInOpen,
          endless.hangsInPut,
          endless.hangsInClose,
          endless.hangsWhenLookedAt,
        ].map((declared) => violationIn(declared, { pools: undefined })),
      );
      const where = [
        /client 0 waits in open for what nobody does/,
        /client 2 waits in put 1 for what nobody does/,
        /client 2 waits in close for what nobody does/,
        /whoever looks at the end waits for what nobody does/,
      ];
      for (const [place, { invariant, message }] of found.entries()) {
        assert.equal(invariant, 'no-deadlock');
        assert.match(message, /deadlock: no client can go on/);
        assert.match(message, where[place] ?? /never/);
      }
    });

    for (const [declared, reason, options] of [
      [endless.stubborn, /client \d does open \d over and over/, {}],
      [endless.undead, /client \d does process\.exit\(3\) over and over/, {}],
      [endless.computing, /for \d+ ms, at put .*endless\.ts:\d+/, { stallMs: 500 }],
      [endless.asleep, /for \d+ ms, at Atomics\.wait/, { stallMs: 500 }],
    ] as const) {
      test(`as a doubt, if it is ${declared.name}`, async () => {
        const { verdict, run } = await interleave(declared, options);
        assert.equal(verdict, 'unknown');
        assert.match(run.reason ?? '', reason);
      });
    }

    test('at the latest when the run does', async () => {
      const begun = performance.now();
      const { verdict, run } = await interleave(endless.computing, { limitMs: 200 });
      assert.equal(verdict, 'unknown');
      assert.match(run.reason ?? '', /held its thread up beyond the 200 ms/);
      assert.ok(performance.now() - begun < 6000);
    });

    test('but code that waits for a time to come sees it come', async () => {
      await assertOk(endless.busy, { schedules: 20 });
      await assertOk(endless.patientlyBusy, { clients: 1, operations: 2, schedules: 1 });
    });
  });

  describe('what fails is told with the reason', () => {
    for (const [declared, invariant, reason] of [
      [endless.failsInOpen, 'open', /TypeError: no good/],
      [endless.failsInPut, 'errors', /1 operation\(s\) threw/],
      [endless.failsInClose, 'open', /TypeError: no good/],
      [endless.failsWhenLookedAt, 'looked', /TypeError: no good/],
    ] as const) {
      test(`when it ${declared.name}`, async () => {
        const found = await violationIn(declared);
        assert.equal(found.invariant, invariant);
        assert.match(found.message, reason);
      });
    }
  });

  describe('a verdict is not wrong', () => {
    test('because a store changes what it is given', async () => {
      await assertOk(odd.greedy);
    });

    test('because a lock is given back a little later than the answer', async () => {
      await assertOk(odd.letsGoLate);
    });

    test('because a date or a stopwatch shows another time than the files do', async () => {
      await assertOk(odd.staleLockFile);
    });

    test('because a lock that a process left behind is taken away only after a minute', async () => {
      const { run } = await assertOk(odd.patientLockFile, { faults: [kill()], schedules: 60 });
      assert.ok((run.faults[0]?.hit ?? 0) > 0);
    });

    test('because a fault of ours is met as was declared', async () => {
      await assertOk(processes.refusing, { faults: [failCalls()], schedules: 200 });
    });

    test('because the clock starts again after a power loss', async () => {
      await assertOk(processes.timed, { faults: [powerLoss()], schedules: 40 });
    });

    test('because there is much to do', async () => {
      const { verdict, text } = await interleave(odd.wellFilled, { schedules: 2 });
      assert.notEqual(verdict, 'violation', text);
    });

    test('because what is read at the end could have been read before', async () => {
      const { invariant, operations } = await violationIn(odd.losesTheLast);
      assert.equal(invariant, 'linearizable');
      assert.ok(operations.length <= 2);
    });

    test('when whoever looks at the end waits for ever', async () => {
      const { invariant, message } = await violationIn(odd.neverLetsGo);
      assert.equal(invariant, 'no-deadlock');
      assert.match(message, /whoever looks at the end waits for/);
    });

    test('about a smaller program because of what a larger one has left in memory', async () => {
      const { token, operations } = await violationIn(odd.leavesLockFile, { clients: 2 });
      assert.equal(operations.length, 2);
      const again = await violationIn(odd.leavesLockFile, { replay: token });
      assert.equal(again.invariant, 'no-deadlock');
    });

    test('when two runs go on at once', async () => {
      const [bad, good] = await Promise.all([
        interleave(memory.offsets, { pools: undefined }),
        interleave(stores.lockFile, { schedules: 100, pools: undefined }),
      ]);
      assert.deepEqual([bad.verdict, good.verdict], ['violation', 'ok'], good.text);
    });
  });

  describe('what it cannot know', () => {
    test('a store that cannot be simulated is unknown, with the reason', async () => {
      const { verdict, run } = await interleave(odd.native);
      assert.equal(verdict, 'unknown');
      assert.match(run.reason ?? '', /cannot be simulated.*unable to open database file/);
    });

    test('nor one that one of its clients reaches past', async () => {
      const { verdict, run } = await interleave(processes.halfNative);
      assert.equal(verdict, 'unknown');
      assert.match(run.reason ?? '', /cannot be simulated/);
    });

    test('nor one whose processes hold themselves up until others go on', async () => {
      const { verdict, run } = await interleave(processes.spinning);
      assert.equal(verdict, 'unknown');
      assert.match(run.reason ?? '', /open.*over and over/);
    });

    test('nothing at all when no schedule is tried', async () => {
      const { verdict, run } = await interleave(memory.soundOffsets, { schedules: 0 });
      assert.deepEqual([verdict, run.schedules?.tried], ['unknown', 0]);
    });

    test('and in mode auto the other modes decide', async () => {
      const report = await runTorture(odd.native, { clients: 2, operations: 40, seed: '1' });
      assert.equal(report.verdict, 'ok', reportText(report));
      assert.ok(!report.runs.some(({ mode }) => mode === 'interleave'));
      assert.match(report.runs[0]?.notes.join() ?? '', /not interleaved/);
    });

    test('a store that is not deterministic is said to be so', async () => {
      const { message } = await violationIn(odd.unforeseeable);
      assert.match(message, /the store is not deterministic/);
    });

    test('one client alone overlaps with nobody, and is ok', async () => {
      const { verdict } = await interleave(memory.offsets, { clients: 1, schedules: 20 });
      assert.equal(verdict, 'ok');
    });

    test('several that never overlap show nothing', async () => {
      const { verdict, run } = await interleave(lonely, { schedules: 20 });
      assert.deepEqual([verdict, run.maxConcurrency], ['unknown', 1]);
      assert.match(run.reason ?? '', /nothing could come between/);
    });

    test('calls that hold a process up are named', async () => {
      const { run } = await interleave(lossyCounter);
      assert.match(run.notes.join(), /nothing came between synchronous calls/);
      assert.equal(run.verdict, 'violation');
    });

    test('what Node does on the side is no deadlock', async () => {
      const { verdict, run } = await interleave(odd.compressing, { schedules: 20 });
      assert.notEqual(verdict, 'violation');
      assert.match(`${run.reason} ${run.notes.join()}`, /ZLIB/);
    });
  });

  describe('tokens', () => {
    test('say what a run depended on', async () => {
      const { token } = await violationIn(memory.offsets);
      const { name, file, program } = parseReplayToken(token);
      assert.deepEqual([name, file], ['offsets', 'test/torture/interleaved-memory.ts']);
      assert.deepEqual(
        program.flatMap(({ operations }) => operations.map((list) => list.length)).toSorted(),
        [0, 1, 1],
      );
    });

    test('pass when the store was repaired', async () => {
      const { token } = await violationIn(memory.offsets);
      const { verdict, text } = await interleave(memory.soundOffsets, { replay: token });
      assert.equal(verdict, 'ok', text);
    });

    test('of operations that the store does not have are refused', async () => {
      const { token } = await violationIn(memory.offsets);
      await assert.rejects(interleave(stores.flocked, { replay: token }), RangeError);
      await assert.rejects(interleave(memory.offsets, { replay: 'i1.nonsense' }), RangeError);
    });
  });

  describe('limits', () => {
    test('a signal ends it within 200 ms, whatever it is doing', async () => {
      for (const [declared, afterMs] of [
        [stores.lockFile, 150],
        [stores.twoLocks, 100],
        [files.inPlace, 400],
      ] as const) {
        const stop = new AbortController();
        const reason = new Error('enough');
        let abortedAt = 0;
        setTimeout(() => {
          abortedAt = performance.now();
          stop.abort(reason);
        }, afterMs);
        const { signal } = stop;
        const options = { mode: 'interleave', seed: '1', signal, schedules: 1e6 } as const;
        const rejected = runTorture(declared, options).then(
          () => false,
          (error) => error === reason,
        );
        const isRejected = await rejected;
        if (abortedAt === 0) continue;
        assert.ok(isRejected || declared !== stores.lockFile);
        assert.ok(performance.now() - abortedAt < 200);
      }
    });

    for (const [run, what] of [
      ['many', '20,000 schedules leave'],
      ['killed', 'clients that are killed leave'],
    ]) {
      test(`${what} nothing in memory`, async () => {
        const file = join(import.meta.dirname, 'torture/interleaved-heap.ts');
        const worker = new Worker(file, { workerData: run });
        const [{ verdict, heap }] = await once(worker, 'message');
        assert.deepEqual([verdict, heap.length], ['ok', 6]);
        const [, first, , , , last] = heap;
        // A kilobyte for each schedule would be several megabytes.
        assert.ok(last - first < 1_000_000, `${heap}`);
      });
    }

    test('limitMs ends it, and the report says so', async () => {
      const begun = performance.now();
      const { run } = await interleave(stores.lockFile, { schedules: 1e6, limitMs: 300 });
      assert.ok(performance.now() - begun < 1500);
      assert.ok((run.schedules?.tried ?? 0) < 1e6);
      assert.match(run.notes.join(), /ended after 300 ms/);
    });
  });
});
