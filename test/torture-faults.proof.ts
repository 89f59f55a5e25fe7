import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Drawn, drawRound } from '../src/torture/declare/draw.ts';
import type { Phase } from '../src/torture/declare/plan.ts';
import type { FaultReport } from '../src/torture/report/report.ts';
import {
  type AnyDeclared,
  block,
  crashImages,
  type DeclarationOptions,
  damage,
  diskFull,
  type Fault,
  fileLimit,
  type HistoryEvent,
  kill,
  PoolSet,
  pause,
  type Report,
  type RunReport,
  runTorture,
  syscalls,
} from '../src/torture.ts';
import { lossyCounter } from './torture/counters.ts';
import {
  abortingValue,
  checkedValue,
  clocks,
  crossedProcesses,
  crossedThreads,
  crowdedLedger,
  HICCUP_MS,
  hastyLedger,
  hiccuping,
  leasedCounter,
  littering,
  lockedCounter,
  lockFileCounter,
  reportingLedger,
  rewritingLedger,
  searchingValue,
  soundLedger,
  soundRegister,
  spinning,
  starving,
  stopping,
  swallowingLedger,
  tidy,
  uncheckedValue,
  unspecified,
  waitingForOthers,
  waitingValue,
} from './torture/faulty.ts';

// Whatever a run leaves in the temporary directory is found there.
const temp = mkdtempSync(join(tmpdir(), 'holdfast-faults-test-'));
process.env.TMPDIR = temp;
const pools = new PoolSet({ workers: 4, processes: 3 });
after(async () => {
  await pools[Symbol.asyncDispose]();
  rmSync(temp, { recursive: true, force: true });
});

let files = 0;

function freshFile(): string {
  files += 1;
  return join(temp, `history-${files}.ndjson`);
}

function eventsIn(file: string): HistoryEvent[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): HistoryEvent => JSON.parse(line));
}

async function runOf(declared: AnyDeclared, options: DeclarationOptions): Promise<RunReport> {
  return onlyRun(await runTorture(declared, { pools, ...options }));
}

function onlyRun({ runs }: Report): RunReport {
  const [run, ...others] = runs;
  assert.ok(run && others.length === 0);
  return run;
}

function faultOf(run: RunReport, fault: string): FaultReport {
  const found = run.faults.find((one) => one.fault === fault);
  assert.ok(found, JSON.stringify(run.faults));
  return found;
}

function broken(run: RunReport): readonly string[] {
  return run.violations.map(({ invariant }) => invariant);
}

function complaints(run: RunReport): string {
  const faults = run.faults.map(({ fault, armed, hit, skipped }) => ({
    fault,
    armed,
    hit,
    skipped,
  }));
  const messages = run.violations.map(({ message }) => message);
  return JSON.stringify([run.verdict, run.reason, messages, faults]).slice(0, 3000);
}

/** Processes that threads of this one have started and that have not ended. */
function childrenOf(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number)).toSorted();
}

function isStopped(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function leftInTemp(): readonly string[] {
  return readdirSync(temp).filter((name) => name.startsWith('holdfast-'));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(2);
}

/** A round has time for one of them. */
const oneKill = kill({ everyMs: 5000 });

describe('mode crash', () => {
  test('finds nothing in a register of SQLite, however often its clients are killed at work', async () => {
    const killed: Fault[] = [oneKill, crashImages({ everyMs: 30, limit: 3 })];
    let [hits, images] = [0, 0];
    for (const seed of ['a', 'b', 'c', 'd']) {
      const options = { mode: 'crash', clients: 3, operations: 90, faults: killed, seed } as const;
      const run = await runOf(soundRegister, options);
      // Where no fault met anybody at work it is unknown.
      assert.notEqual(run.verdict, 'violation', complaints(run));
      hits += faultOf(run, 'kill').hit;
      images += faultOf(run, 'crash-images').armed;
    }
    assert.ok(hits > 0 && images > 0, `${hits} kills, ${images} images`);
  });

  test('blames a store that acknowledges before it writes', async () => {
    // Whether a kill comes between the answer and the write is a matter of luck.
    let run = await runOf(hastyLedger, { mode: 'crash', faults: [oneKill] });
    for (let attempt = 0; attempt < 8 && broken(run).length === 0; attempt += 1) {
      run = await runOf(hastyLedger, { mode: 'crash', faults: [oneKill] });
    }
    assert.deepEqual([...new Set(broken(run))], ['linearizable'], complaints(run));
  });

  test('blames a store that empties a file before it writes it anew, by an image alone', async () => {
    const faults = [crashImages({ everyMs: 15, limit: 6 })];
    let run = await runOf(rewritingLedger, { mode: 'crash', faults, bails: true });
    for (let attempt = 0; attempt < 8 && broken(run).length === 0; attempt += 1) {
      run = await runOf(rewritingLedger, { mode: 'crash', faults, bails: true });
    }
    assert.ok(broken(run).includes('linearizable'), complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^after a crash at \d+\.\d ms: /);
    assert.deepEqual(
      run.faults.map(({ fault }) => fault),
      ['crash-images'],
    );
  });

  test('tells of a lock that a killed client has left, while the others still ask for it', async () => {
    const faults = [kill({ everyMs: 40 })];
    const run = await runOf(lockFileCounter, { mode: 'crash', faults, stallMs: 1500 });
    assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^deadlock: /);
  });

  test('tells of a lock that a crash leaves, and waits for nobody who waits for it', async () => {
    const faults = [crashImages({ everyMs: 15, limit: 3 })];
    const run = await runOf(lockFileCounter, { mode: 'crash', faults, stallMs: 1000 });
    assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^after a crash at .* not read within 1000 ms$/);
  });

  // Clients of one worker that never wait begin one after the other: some are killed twice before.
  for (const [declared, everyMs] of [
    [soundLedger, 400],
    [crowdedLedger, 40],
  ] as const) {
    test(`keeps count of the operations of a ${declared.name} that is killed`, async () => {
      const history = freshFile();
      const seed = 'count';
      const options = { mode: 'crash', faults: [kill({ everyMs })], seed, history } as const;
      const run = await runOf(declared, options);
      assert.equal(run.verdict, 'ok', complaints(run));
      assert.ok(faultOf(run, 'kill').hit > 0, complaints(run));
      assertComplete(declared, run, eventsIn(history), seed);
    });
  }
});

describe('a run in which workers are stopped', () => {
  test('tells when, and finds nothing in a counter under a lock, however long that takes', async () => {
    // Four times as long as the watchdog of the store would wait.
    const faults = [pause({ everyMs: 150, forMs: 600 }), block({ everyMs: 60, forMs: 50 })];
    const run = await runOf(lockedCounter, { mode: 'processes', faults, stallMs: 150 });
    assert.equal(run.verdict, 'ok', complaints(run));
    for (const fault of ['pause', 'block']) {
      const { armed, hit, windows } = faultOf(run, fault);
      assert.ok(armed > 0 && hit > 0 && windows.length === armed, complaints(run));
      const forNs = fault === 'pause' ? 600e6 : 50e6;
      // One that met the last operation of a round ends with it.
      assert.ok(windows.some(({ from, to }) => to - from >= forNs));
      for (const { target } of windows) assert.match(target, /^clients \d$/);
    }
  });

  test('blames a lease that nobody asks for when he writes', async () => {
    const faults = [pause({ everyMs: 60, forMs: 250 })];
    const run = await runOf(leasedCounter, { mode: 'processes', faults });
    assert.deepEqual([...new Set(broken(run))], ['linearizable'], complaints(run));
  });

  test('says so where there is nobody to stop', async () => {
    const run = await runOf(soundRegister, {
      ...{ mode: 'threads', clients: 2, operations: 40 },
      faults: [pause(), kill()],
    });
    for (const fault of ['pause', 'kill']) {
      assert.match(faultOf(run, fault).skipped ?? '', /takes processes/);
    }
  });

  test('ends at once when it is aborted, and leaves no process and no file behind', async () => {
    const before = childrenOf(process.pid);
    for (const fault of [pause({ everyMs: 20, forMs: 60_000 }), kill({ everyMs: 10 })]) {
      const abort = new AbortController();
      const own = new PoolSet({ processes: 2 });
      const running = runTorture(soundLedger, {
        ...{ mode: 'processes', faults: [fault], pools: own, signal: abort.signal },
      });
      const seen = new Set(before);
      await until(() => {
        const pids = childrenOf(process.pid);
        for (const pid of pids) seen.add(pid);
        // Two workers, and one in the place of another.
        return fault.kind === 'pause' ? pids.some(isStopped) : seen.size > before.length + 2;
      });
      const startedAt = performance.now();
      abort.abort(new Error('enough'));
      await assert.rejects(running, /^Error: enough$/);
      assert.ok(performance.now() - startedAt < 10_000);
      assert.deepEqual(childrenOf(process.pid), before);
      await own[Symbol.asyncDispose]();
    }
    assert.deepEqual(leftInTemp(), []);
  });
});

describe('files that are damaged', () => {
  test('are refused by a store that keeps checksums, whatever is cut and whichever bit is turned', async () => {
    const faults = [damage({ kinds: ['truncate', 'flip'] })];
    const run = await runOf(checkedValue, { mode: 'processes', faults });
    assert.equal(run.verdict, 'ok', complaints(run));
    const { armed, hit } = faultOf(run, 'damage');
    const [note] = run.notes;
    assert.ok(armed > 200 && hit === armed && note?.startsWith(`damage: ${armed};`), note);
  });

  test('make a store without checksums answer what was never written', async () => {
    const faults = [damage({ kinds: ['truncate', 'flip'], limit: 12 })];
    const run = await runOf(uncheckedValue, { mode: 'processes', faults });
    assert.ok(broken(run).length > 0 && broken(run).every((one) => one === 'damage'));
    assert.match(
      run.violations[0]?.message ?? '',
      /^value at byte \d+.* went unnoticed: get answered/,
    );
  });

  test('take nobody with them but the worker that reads them', async () => {
    const faults = [damage({ kinds: ['truncate'], limit: 2 })];
    const run = await runOf(abortingValue, { mode: 'processes', faults });
    assert.equal(run.violations.length + (run.violations[0]?.alike ?? 0), 2, complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^value at byte \d+: .* killed by SIGABRT/);
  });

  for (const declared of [searchingValue, waitingValue]) {
    test(`are not looked at for ever: a ${declared.name} is given up`, async () => {
      const faults = [damage({ kinds: ['truncate'], limit: 1 })];
      const run = await runOf(declared, { mode: 'processes', faults, stallMs: 1500 });
      const [found] = run.violations;
      assert.match(
        found?.message ?? '',
        /^value at byte \d+: the store was not read within 1500 ms$/,
      );
    });
  }

  test('say nothing of a store whose answers no spec explains', async () => {
    const faults = [damage({ kinds: ['truncate'], limit: 3 })];
    const run = await runOf(unspecified, { mode: 'processes', faults });
    assert.equal(run.verdict, 'ok', complaints(run));
    assert.match(run.notes.join(), /nobody can say whether it was right/);
  });
});

describe('a store that has a hard time', () => {
  const hardships: readonly Fault[] = [
    diskFull({ bytes: 16_384 }),
    fileLimit({ descriptors: 40 }),
    syscalls({
      calls: ['write'],
      action: { error: 'EIO' },
      when: { first: 3, step: 4 },
      paths: ['k0', 'k1', 'k2'],
    }),
  ];
  for (const fault of hardships) {
    test(`of ${fault.kind} is blamed when it keeps quiet about errors, and only then`, async (t) => {
      const options = { mode: 'processes', faults: [fault] } as const;
      const reporting = await runOf(reportingLedger, options);
      const { skipped, hit, armed } = faultOf(reporting, fault.kind);
      if (skipped !== undefined) return t.skip(skipped);
      assert.equal(reporting.verdict, 'ok', complaints(reporting));
      const { fail, ok } = reporting.outcomes;
      assert.ok(fail > 0 && ok > 0 && armed > 0, complaints(reporting));
      assert.equal(hit, fail, 'each error that was met is counted');
      const swallowing = await runOf(swallowingLedger, options);
      assert.deepEqual(broken(swallowing), ['linearizable'], complaints(swallowing));
      assert.equal(swallowing.outcomes.fail, 0);
    });
  }

  test('with which the rig itself cannot go on is not blamed', async (t) => {
    const when = { first: 30, step: 1 };
    const fault = syscalls({ calls: ['write'], action: { error: 'EIO' }, when });
    const run = await runOf(soundLedger, { mode: 'processes', faults: [fault] });
    const { skipped } = faultOf(run, 'syscalls');
    if (skipped !== undefined) return t.skip(skipped);
    assert.equal(run.verdict, 'unknown', complaints(run));
    assert.match(run.reason ?? '', /^a worker could not go on: /);
  });

  test('where that cannot be is told of nothing else', async () => {
    const faults = [fileLimit({ descriptors: 40 }), ...hardships.slice(2)];
    const run = await runOf(reportingLedger, { mode: 'threads', faults });
    assert.deepEqual(
      run.faults.map(({ skipped }) => skipped),
      ['it takes processes', 'it takes processes'],
    );
    assert.equal(run.outcomes.fail, 0);
  });
});

describe('a run that gets nowhere', () => {
  const options = { stallMs: 700 };

  test('in threads that wait for two locks crosswise is a deadlock, with both stacks', async () => {
    const message = await stallOf(crossedThreads, { ...options, mode: 'threads' });
    assert.match(message, /^deadlock: no operation has returned for \d\.\d s/);
    assert.equal(
      message.match(/is in: javascript.*\n.*Atomics\.wait.*\n.*takeLock/g)?.length,
      2,
      message,
    );
    assert.match(message, /client 0 {2}both 0 .*\nclient 1 {2}both 1 /);
  });

  test('in processes is one too, with who holds which lock', async () => {
    const message = await stallOf(crossedProcesses, { ...options, mode: 'processes' });
    assert.match(message, /^deadlock: /);
    const holders = [...message.matchAll(/^process (\d+) holds (first|second) /gm)];
    const [one, other] = holders;
    assert.ok(holders.length === 2 && one?.[1] !== other?.[1] && one?.[2] !== other?.[2], message);
  });

  for (const mode of ['threads', 'processes'] as const) {
    test(`in ${mode} but computes is a livelock, with the function that does`, async () => {
      const message = await stallOf(spinning, { ...options, mode });
      assert.match(message, /^livelock: .*worker 1 is computing/);
      assert.match(message, /worker 1 is in: javascript.*\n +computeForEver \(.*faulty\.ts:\d+/);
    });
  }

  test('because a worker was stopped says so', async () => {
    const message = await stallOf(stopping, { ...options, mode: 'processes' });
    assert.match(message, /^stopped: worker 1 is stopped by a signal/);
    assert.match(message, /worker 1 is in: stopped/);
  });

  test('for one client, where the others do, starves it', async () => {
    const run = await runOf(starving, { ...options, mode: 'threads', stallMs: 500 });
    assert.deepEqual(broken(run), ['no-starvation'], complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^0 operations of client 0 returned/);
  });

  test('is none on a machine that is only busy', async () => {
    const load = Array.from({ length: 3 }, () => busyProcess());
    try {
      const run = await runOf(lockedCounter, { ...options, mode: 'processes' });
      assert.equal(run.verdict, 'ok', complaints(run));
    } finally {
      for (const child of load) child.kill('SIGKILL');
    }
  });
});

async function stallOf(declared: AnyDeclared, options: DeclarationOptions): Promise<string> {
  const run = await runOf(declared, options);
  assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
  return run.violations[0]?.message ?? '';
}

/** Ends by itself some time, should nobody do it. */
function busyProcess(): ChildProcess {
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const program = 'while (performance.now() < 20_000);';
  return spawn(process.execPath, ['-e', program], { env, stdio: 'ignore' });
}

describe('leaks', () => {
  test('of descriptors, files and processes are told by name', async () => {
    const run = await runOf(littering, { mode: 'processes' });
    const found = run.leaks.filter(({ isLeak }) => isLeak);
    const left = new Map(found.map(({ what, names }) => [what, names.join()]));
    assert.match(left.get('descriptors') ?? '', /kept \(\d+ times\)/);
    assert.match(left.get('files') ?? '', /left-/);
    assert.match(left.get('children') ?? '', /cat/);
    assert.ok(
      broken(run).every((one) => one === 'no-leak'),
      complaints(run),
    );
    assert.equal(run.violations.length, found.length);
  });

  test('are not found where there are none', async () => {
    const run = await runOf(tidy, { mode: 'processes' });
    assert.equal(run.verdict, 'ok', complaints(run));
    assert.deepEqual(
      run.leaks.map(({ isLeak }) => isLeak),
      [false, false, false, false],
    );
  });

  test('cannot be looked for in a store that waits for others, and that is no violation', async () => {
    const run = await runOf(waitingForOthers, { mode: 'processes', limitMs: 5000, stallMs: 500 });
    assert.equal(run.verdict, 'unknown', complaints(run));
    assert.match(run.reason ?? '', /^leaks could not be looked for: that took longer than/);
  });
});

describe('a rate', () => {
  test('tells what a stall has held up, which raw latencies hide', async () => {
    const run = await runOf(hiccuping, { mode: 'threads' });
    assert.equal(run.verdict, 'ok', complaints(run));
    const { corrected, latencyMs } = run;
    assert.ok(
      latencyMs.max >= HICCUP_MS && latencyMs.p99 < HICCUP_MS / 2,
      JSON.stringify(latencyMs),
    );
    assert.ok((corrected?.latencyMs.p99 ?? 0) > 0.8 * HICCUP_MS, JSON.stringify(corrected));
  });
});

test('clocks of all workers are one clock, to within what each of them says', async () => {
  const { runs, verdict } = await runTorture(clocks, { mode: 'both', pools });
  assert.equal(verdict, 'ok', runs.map(complaints).join());
  for (const run of runs) {
    // The sum of what two of them say, and that is not much.
    assert.ok(Number(/within (\d+) ns/.exec(run.notes.join())?.[1]) < 1e6, run.notes.join());
  }
});

describe('modes', () => {
  const small = { clients: 2, operations: 40, schedules: 30, pools } as const;

  test('are tried in turn by auto, as far as a store can be in them', async () => {
    const { runs, verdict } = await runTorture(soundRegister, { ...small, seed: 'auto' });
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['threads', 'processes', 'crash'],
    );
    assert.equal(verdict, 'ok', runs.map(complaints).join());
    assert.match(runs[0]?.notes.join() ?? '', /^not interleaved: the store cannot be simulated: /);
    assert.deepEqual(
      runs[2]?.faults.map(({ fault }) => fault),
      ['kill', 'crash-images'],
    );
    assert.ok(runs.every(({ faults, mode }) => mode === 'crash' || faults.length === 0));
  });

  test('are not tried when one of them has found a violation', async () => {
    const { runs, verdict } = await runTorture(lossyCounter, small);
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['interleave'],
    );
    assert.equal(verdict, 'violation');
  });

  test('that a declaration does not want are left out', async () => {
    const some = { ...lossyCounter, modes: ['threads', 'processes'] as const };
    const { runs } = await runTorture(some, small);
    assert.deepEqual(
      runs.map(({ mode }) => mode),
      ['threads'],
    );
  });

  test('are run with each number of clients of a matrix, and the worst is the verdict', async () => {
    const options = { ...small, matrix: [1, 3], mode: 'both' } as const;
    const { runs, verdict } = await runTorture(lossyCounter, options);
    assert.deepEqual(
      runs.map(({ mode, title, clients }) => ({ mode, title, clients })),
      [
        { mode: 'threads', title: '1 client', clients: 1 },
        { mode: 'threads', title: '3 clients', clients: 3 },
        { mode: 'processes', title: '1 client', clients: 1 },
        { mode: 'processes', title: '3 clients', clients: 3 },
      ],
    );
    assert.deepEqual(
      runs.map((run) => run.verdict),
      ['ok', 'violation', 'ok', 'violation'],
    );
    assert.equal(verdict, 'violation');
    const refused = runTorture(soundLedger, { matrix: [1, 2], pools });
    await assert.rejects(refused, { name: 'RangeError', message: /has a plan/ });
  });
});

test('the figures of a report are those of its history', async () => {
  const history = freshFile();
  const options = { mode: 'crash', clients: 3, operations: 60, history, seed: 'figures' } as const;
  const run = await runOf(soundRegister, { ...options, faults: [oneKill] });
  assert.equal(run.repeats, 1);
  const events = eventsIn(history);
  const { timeline, throughput, outcomes, histograms } = run;
  assert.equal(timeline.total, run.operations);
  const invokes = events.filter(({ type }) => type === 'invoke');
  const place = (f: string | undefined, process: number, us: number) =>
    `${f} of ${process} at ${us}`;
  assert.deepEqual(
    timeline.marks.map(([process, f, , begin]) => place(timeline.f[f], process, begin)),
    invokes.map(({ f, process, time }) => place(f, process, Math.round(time / 10) / 100)),
  );
  const kinds = ['ok', 'fail', 'info'] as const;
  for (const [number, kind] of kinds.entries()) {
    const marked = timeline.marks.filter(([, , outcome]) => outcome === number);
    assert.equal(marked.length, outcomes[kind]);
    const returned = events.filter(({ type }) => type === kind);
    assert.equal(marked.filter(([, , , , end]) => end >= 0).length, returned.length);
  }
  assert.equal(throughput.clients.length, run.clients);
  for (const [client, bins] of throughput.clients.entries()) {
    const counts = bins.map(() => 0);
    for (const { process, type, time } of events) {
      const bin = Math.min(bins.length - 1, Math.floor(time / 1e6 / throughput.binMs));
      const isOwn = process % run.clients === client;
      if (isOwn && type !== 'invoke') counts[bin] = (counts[bin] ?? 0) + 1;
    }
    assert.deepEqual(bins, counts, `client ${client}`);
  }
  const returned = events.length - invokes.length;
  const recorded = Object.values(histograms).map(({ counts }) => sum(counts));
  assert.equal(sum(recorded), returned);
  assert.deepEqual(run.pairs, pairsIn(events));
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** How many operations that returned met which, the simple way. */
function pairsIn(events: readonly HistoryEvent[]): Record<string, number> {
  const spans = events
    .filter(({ type }) => type === 'invoke')
    .flatMap(({ process, f, time }) => {
      const end = events.find((one) => one.process === process && one.time > time)?.time;
      return end === undefined ? [] : [{ process, f, begin: time, end }];
    });
  const pairs: Record<string, number> = {};
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      if (one.begin >= other.end || other.begin >= one.end) continue;
      const name = [one.f, other.f].sort().join('|');
      pairs[name] = (pairs[name] ?? 0) + 1;
    }
  }
  return pairs;
}

/** Every operation that was drawn is there once, in order, under the numbers of those that did it. */
function assertComplete(
  declared: AnyDeclared,
  { clients, outcomes }: RunReport,
  events: readonly HistoryEvent[],
  seed: string,
): void {
  const [phase]: readonly Phase[] = declared.plan?.({ mode: 'crash', full: false }).phases ?? [];
  assert.ok(phase);
  let open = 0;
  for (let client = 0; client < clients; client += 1) {
    const own = events.filter(({ process }) => process % clients === client);
    const invokes = own.filter(({ type }) => type === 'invoke');
    const rounds = Array.from({ length: phase.rounds ?? 1 }, (_, round) => round);
    const drawn: readonly Drawn[] = rounds.flatMap((round) =>
      drawRound(declared, { seed, repeat: 0, phase, round, client }),
    );
    assert.deepEqual(
      invokes.map(({ f, value }) => ({ f, input: value })),
      drawn,
    );
    const generations = Map.groupBy(own, ({ process }) => (process - client) / clients);
    const numbers = [...generations.keys()];
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    for (const [generation, each] of generations) {
      const unreturned = each.filter(({ type }) => type === 'invoke').length * 2 - each.length;
      assert.ok(unreturned === 0 || (unreturned === 1 && each.at(-1)?.type === 'invoke'));
      const isLast = generation === numbers.at(-1);
      assert.ok(!isLast || unreturned === 0 || invokes.length === drawn.length);
      open += unreturned;
    }
  }
  assert.equal(open, outcomes.info, 'what was killed has an unknown outcome, and nothing else');
}
