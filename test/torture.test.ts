import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import {
  exitStatus,
  expectOk,
  type HistoryEvent,
  htmlReport,
  PoolSet,
  type Report,
  reportText,
  runPresets,
  runTorture,
  torture,
} from '../src/torture.ts';
import {
  drawing,
  dying,
  failing,
  forgetful,
  hanging,
  lonely,
  lossyCounter,
  meetingLate,
  soundCounter,
} from './torture/counters.ts';

const temp = mkdtempSync(join(tmpdir(), 'holdfast-torture-test-'));
after(() => rmSync(temp, { recursive: true, force: true }));

const modes = ['threads', 'processes'] as const;
const pools = new PoolSet({ workers: 4, processes: 4 });
after(() => pools[Symbol.asyncDispose]());
/** One thread for all of them. */
const crowded = { mode: 'threads' as const, clients: 4, operations: 80, workers: 1 };
const small = { mode: 'threads' as const, clients: 4, operations: 80, pools };

function eventsIn(file: string): HistoryEvent[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): HistoryEvent => JSON.parse(line));
}

function firstRun(report: Report): Report['runs'][number] {
  const [run] = report.runs;
  assert.ok(run);
  return run;
}

describe('a declaration', () => {
  for (const mode of modes) {
    test(`of a sound store is ok in ${mode}, with the figures of the run`, async () => {
      const report = await expectOk(soundCounter, { ...small, mode });
      const run = firstRun(report);
      // A busy machine may need another repetition to let them overlap.
      const operations = 80 * run.repeats;
      assert.deepEqual(run.outcomes, { ok: operations, fail: 0, info: 0 });
      assert.equal(run.operations, operations);
      assert.equal(run.workers, 4);
      assert.ok(run.overlap > 0 && run.maxConcurrency >= 2, JSON.stringify(run));
      assert.ok(run.latencyMs.p50 <= run.latencyMs.p99 && run.latencyMs.p99 <= run.latencyMs.max);
      assert.ok(run.skewMs.max >= run.skewMs.median);
      assert.deepEqual(JSON.parse(JSON.stringify(report)).verdict, 'ok');
    });

    test(`of a store that loses updates is a violation in ${mode}`, async () => {
      const report = await runTorture(lossyCounter, { ...small, mode });
      const run = firstRun(report);
      assert.equal(run.verdict, 'violation');
      assert.equal(run.violations[0]?.invariant, 'linearizable');
      assert.equal(exitStatus(report), 1);
    });

    test(`whose operation never returns is a deadlock in ${mode}, with what is in flight`, async () => {
      const report = await runTorture(hanging, { ...small, mode, stallMs: 1500 });
      const run = firstRun(report);
      assert.equal(run.verdict, 'violation');
      const found = run.violations.find(({ invariant }) => invariant === 'no-deadlock');
      assert.match(found?.message ?? '', /client 1 {2}wait \{"client":1,"nth":2\} {2}for \d+ ms/);
      assert.equal(run.outcomes.info, 1);
    });

    test(`whose worker dies in ${mode} is reported, and the operation in flight stays open`, async () => {
      const history = join(temp, `dying-${mode}.ndjson`);
      const report = await runTorture(dying, { ...small, mode, history });
      const run = firstRun(report);
      assert.equal(run.verdict, 'violation');
      assert.match(run.violations[0]?.message ?? '', /worker .*exited with 7/);
      const open = eventsIn(history).filter(({ process }) => process === 1);
      const last = open.at(-1);
      assert.equal(last?.type, 'invoke', 'what was in flight has no return');
    });
  }

  test('in which no two clients met is unknown', async () => {
    const report = await runTorture(lonely, small);
    assert.equal(report.verdict, 'unknown');
    assert.match(firstRun(report).reason ?? '', /no operation overlapped/);
    assert.equal(exitStatus(report), 3);
  });

  test('whose clients share a thread without ever waiting has shown nothing', async () => {
    // The counter of one thread is asked by one client after the other, whatever the clock says.
    const report = await runTorture(soundCounter, crowded);
    assert.equal(report.verdict, 'unknown');
    assert.equal(firstRun(report).maxConcurrency, 1);
  });

  test('is repeated until operations overlap', async () => {
    const run = firstRun(await expectOk(meetingLate, crowded));
    assert.equal(run.repeats, 8);
    assert.equal(run.maxConcurrency, 2);
  });

  test('says by code what an error means', async () => {
    const run = firstRun(
      await runTorture(failing, { mode: 'threads', clients: 3, operations: 36, workers: 3 }),
    );
    assert.deepEqual(run.outcomes, { ok: 0, fail: 12, info: 24 });
    assert.equal(run.violations.length, 1);
    assert.equal(run.violations[0]?.invariant, 'errors');
    assert.match(run.violations[0]?.message ?? '', /^12 /);
  });

  test('draws the same inputs from the same seed', async () => {
    const inputs = async (seed: string, file: string) => {
      const history = join(temp, file);
      await runTorture(drawing, { ...small, seed, history });
      const invokes = eventsIn(history).filter(({ type }) => type === 'invoke');
      return invokes.map(({ process, value }) => `${process}: ${value}`).sort();
    };
    const first = await inputs('a', '1.ndjson');
    assert.deepEqual(await inputs('a', '2.ndjson'), first);
    assert.notDeepEqual(await inputs('b', '3.ndjson'), first);
  });

  test('that cannot be checked is refused at once', () => {
    const store = { create: () => null, open: () => null };
    assert.throws(() => torture({ name: 'empty', store, ops: {} }), {
      code: 'DECLARATION_INVALID',
    });
    assert.throws(
      () =>
        torture({
          name: 'unspecified',
          store,
          ops: { read: { in: () => null, run: () => 1 } },
          model: { init: 0 },
          expect: ['linearizable'],
        }),
      { code: 'DECLARATION_INVALID', message: /spec for read/ },
    );
  });

  test('that is aborted rejects with the reason and leaves nothing behind', async () => {
    const reason = new Error('enough');
    const running = runTorture(hanging, { ...small, signal: AbortSignal.timeout(300) });
    await assert.rejects(running, { name: 'TimeoutError' });
    await assert.rejects(
      runTorture(soundCounter, { ...small, signal: AbortSignal.abort(reason) }),
      reason,
    );
  });
});

describe('a report', () => {
  test('stays within 100 columns and shows the operations that break a promise', async () => {
    await assert.rejects(expectOk(lossyCounter, small), ({ message }: Error) => {
      const [title = '', , ...lines] = message.split('\n');
      assert.equal(title, 'lossy counter: violation');
      const table = lines.slice(0, lines.indexOf(''));
      assert.ok(table.length === 2 && table.every((line) => line.length <= 100), table.join('\n'));
      assert.match(
        message,
        /were both given \d+ by add|was given \d+ twice by add|no order explains add 1/,
      );
      return true;
    });
  });

  test('shows what differs in numbers only once, with how often it was', async () => {
    const report = await runTorture(forgetful, {
      mode: 'threads',
      clients: 4,
      operations: 80,
      workers: 4,
    });
    const found = firstRun(report).violations.map(({ invariant, alike }) => [invariant, alike]);
    assert.deepEqual(found, [
      ['all is there', 79],
      ['is sorted', 0],
    ]);
    const shown = reportText(report);
    assert.equal(shown.match(/is gone/g)?.length, 1, shown);
    assert.match(
      shown,
      /all is there: k\d is gone.*\n.*client \d put.*\n {2}and 79 more like it\n/,
    );
    assert.equal(htmlReport(report).match(/and 79 more like it/g)?.length, 1);
  });

  test('as HTML stands alone and shows text as text', async () => {
    const report = await runTorture(lossyCounter, small);
    const odd = { ...report, runs: report.runs.map((run) => ({ ...run, title: '<b>&"' })) };
    const html = htmlReport(odd);
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /<script |\ssrc=|href="(?!#|data:,")|url\(|@import|fetch\(/);
    assert.ok(html.includes('&#60;b&#62;&#38;&#34;') && !html.includes('<b>&"'));
    assert.match(html, /<h1 class="violation">violation<\/h1>/);
    assert.match(html, /<polyline class="curve c0"/);
    assert.ok(html.includes(report.seed));
  });

  test('of P1 in threads is of two callers a thread, whose race needs no free processor', async () => {
    const run = firstRun(await runPresets({ presets: ['P1'], modes: ['threads'] }));
    assert.equal(run.verdict, 'ok');
    assert.ok(run.clients >= 2 * run.workers, `${run.clients} clients on ${run.workers} threads`);
  });

  test('tells of each run while it goes on', async () => {
    const seen: string[] = [];
    await runPresets({
      presets: ['p8'],
      modes: ['threads'],
      onEvent: (event) => seen.push(event.type),
    });
    assert.equal(seen[0], 'begin');
    assert.deepEqual(seen.slice(-2), ['verdict', 'end']);
    assert.ok(seen.includes('progress'));
  });
});

describe('holdfast torture', () => {
  async function holdfast(...args: string[]) {
    const { NODE_TEST_CONTEXT, NODE_EXTRA_CA_CERTS, ...env } = process.env;
    const program = join(import.meta.dirname, '..', 'bin', 'holdfast.js');
    const child = spawn(process.execPath, [program, 'torture', ...args], {
      env: { ...env, HOLDFAST_DIR: temp },
      cwd: temp,
    });
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await closed;
    return { status: child.exitCode, stdout, stderr };
  }

  test('runs a preset, writes its report and its history, and exits with 0', async () => {
    const { status, stdout, stderr } = await holdfast(
      ...['P5', '--mode', 'threads', '--seed', 'abc', '--live'],
      ...['--report', 'report.html', '--history', 'history.ndjson'],
    );
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^P5 +\S.* threads .* ok$/m);
    assert.match(stdout, /again with: holdfast torture P5 --mode threads --seed abc/);
    assert.match(stderr, /^1 runs, seed abc\nP5 .*ok/);
    assert.ok(existsSync(join(temp, 'report.html')));
    const events = eventsIn(join(temp, 'history-0.ndjson'));
    assert.equal(events.filter(({ type }) => type === 'invoke').length * 2, events.length);
    const times = events.map(({ time }) => time);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  test('runs it on the command line itself', async () => {
    const { status, stdout } = await holdfast('P8', '--mode', 'cli', '--json');
    const report: Report = JSON.parse(stdout);
    assert.equal(status, 0, stdout);
    assert.equal(report.runs[0]?.mode, 'cli');
    assert.ok((report.runs[0]?.maxConcurrency ?? 0) > 1);
  });

  test('exits with 1 for a broken store', async () => {
    const twin = join(import.meta.dirname, 'twins', 'plan-outside.ts');
    const { status, stdout } = await holdfast('P5', '--mode', 'threads', '--subject', twin);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /^violation: 1 runs/m);
  });

  test('exits with 2 for what it cannot read', async () => {
    const wrong = [
      ['P99'],
      ['--mode', 'fibres'],
      ['--workers', '0'],
      ['--subject', 'a.ts', '--mode', 'cli'],
    ];
    for (const args of wrong) {
      const { status, stderr } = await holdfast(...args);
      assert.equal(status, 2, `${args.join(' ')}: ${stderr}`);
    }
  });
});
