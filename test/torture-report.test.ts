import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { tell } from '../src/cli/torture/outcome.ts';
import type { Operation } from '../src/torture/declare/operation.ts';
import type { Counterexample } from '../src/torture/judge/verdict.ts';
import type { RunReport, Timeline } from '../src/torture/report/report.ts';
import { htmlReport, junitReport, liveLine, reportText } from '../src/torture.ts';
import {
  emptyRun,
  fullRun,
  hostileTexts,
  lostUpdate,
  reportOf,
  runSaying,
  timeline,
  violation,
} from './torture/full-report.ts';

/** Of any code units, characters or not. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});

describe('the text report', () => {
  const full = reportText(reportOf([fullRun()]));

  test('shows a counterexample with a column for each client, and the sentence beneath', () => {
    assert.ok(
      full.includes(`P5 processes: linearizable: no order of the operations explains their results (repetition 1)
  step  client 0    client 1          client 2
  1     ┌ add 1
  4     └ → 1  (1)
  5     ┌ add 1
  6     │           ┌ add 1
  8     │           │                 ┌ add 1
  10    │           └ → 2  CANNOT BE  │
  11    └ → 2  (2)                    │
`),
      full,
    );
    assert.match(full, / {2}add 1 → 2 of client 1 cannot be: 2 was answered already/);
    assert.match(full, / {2}and 17 more operations, which may or may not have happened/);
    assert.match(full, / {2}replay: holdfast torture replay 7:a91c-0002\n/);
  });

  test('of a run that nobody scheduled tells the time since the first operation', () => {
    const { schedule: _, ...example } = lostUpdate();
    const run = (size: number) => {
      const operations = example.operations.map((one) => {
        const returnedAt = one.returnedAt && one.returnedAt * size;
        return { ...one, invokedAt: one.invokedAt * size, returnedAt };
      });
      const counterexample = { ...example, operations };
      return reportText(reportOf([fullRun({ violations: [violation({ counterexample })] })]));
    };
    assert.match(run(1), /^ {2}µs .*\n {2}0\.0 .*\n {2}3\.0 /m);
    assert.match(run(1000), /^ {2}ms .*\n {2}0\.000 .*\n {2}3\.000 /m);
  });

  test('names the file of the test of a counterexample', () => {
    const found = violation();
    const report = reportOf([fullRun({ violations: [found] })]);
    const tests = new Map([[found, '/tmp/lost.test.ts']]);
    assert.match(
      reportText(report, { tests }),
      /a test that shows it again: \/tmp\/lost\.test\.ts/,
    );
    assert.doesNotMatch(full, /shows it again/);
  });

  test('tells what was tried, what was not, and what grows', () => {
    assert.match(full, /20,412 schedules of at most 38 steps, a part of those there are/);
    assert.match(full, /kill: 6 armed, 5 hit something/);
    assert.match(full, /disk-full: not done: needs root to mount/);
    assert.match(
      full,
      /descriptors: \+1\.98 a cycle \(95 %: \+1\.90 to \+2\.05\), as \/tmp\/store/,
    );
    assert.doesNotMatch(full, /memory:/, 'which does not leak');
  });

  test('keeps its table within the columns there are, as far as that can be', () => {
    const report = reportOf([emptyRun(), emptyRun({ mode: 'threads' })]);
    for (const columns of [70, 100, 140]) {
      const [head = ''] = reportText(report, { columns }).split('\n');
      assert.ok(head.length <= columns, `${columns}: ${head}`);
      assert.equal(/ p99\.9 /.test(head), columns === 140);
    }
  });

  test('of hostile text steers no terminal and has no line of a megabyte', () => {
    for (const said of [...hostileTexts, '\u001b'.repeat(1e6)]) {
      const shown = reportText(reportOf([runSaying(said)], { replay: 'again' }));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/);
      assert.ok(shown.length < 60_000, `${shown.length}`);
    }
  });
});

describe('what is shown of a run in progress', () => {
  test('fits a line that can be erased, and says first what was found', () => {
    const event = { type: 'progress', name: 'x'.repeat(200), mode: 'threads' } as const;
    const figures = { repeat: 1, repeats: 2, operations: 3, violations: 1 };
    const passing = liveLine({ ...event, ...figures });
    assert.ok(passing?.isPassing && passing.text.length <= 79);
    const done = liveLine({ type: 'verdict', run: fullRun() });
    assert.match(done?.text ?? '', /violation .*\n {2}linearizable: add 1 → 2 of client 1 cannot/);
    assert.equal(liveLine({ type: 'verdict', run: emptyRun() })?.text.split('\n').length, 1);
  });
});

describe('the JUnit report', () => {
  const runs = [
    fullRun(),
    emptyRun({ mode: 'threads', durationMs: 1500 }),
    emptyRun({ verdict: 'unknown', reason: 'no operation overlapped', name: 'P6' }),
  ];
  const xml = junitReport(reportOf(runs));

  test('has a suite with a case for each run, its times in seconds', () => {
    assertWellFormed(xml);
    assert.match(xml, /<testsuite name="holdfast torture" tests="3" failures="1" errors="1"/);
    assert.match(xml, /time="2\.412" timestamp="2026-11-21T07:15:00"/);
    assert.match(xml, /<testcase classname="P5" name="threads" time="1\.500">/);
    assert.match(xml, /<property name="seed" value="a91c"\/>/);
    assert.match(xml, /<property name="replay" value="holdfast torture P5 --seed a91c"\/>/);
  });

  test('has a failure for a violation, and an error for what is unknown', () => {
    assert.match(xml, /<failure message="linearizable: no order[^"]*" type="linearizable">/);
    assert.match(xml, /└ → 2 {2}CANNOT BE/);
    assert.match(xml, /<error message="no operation overlapped" type="unknown">/);
    assert.equal(xml.match(/<(failure|error) /g)?.length, 2);
  });

  test('is well formed whatever a store says', () => {
    for (const said of [...hostileTexts, '<&>"\u0007'.repeat(2e5)]) {
      assertWellFormed(junitReport(reportOf([runSaying(said)], { seed: said.slice(0, 1000) })));
    }
    fc.assert(
      fc.property(anyText, (said) =>
        assertWellFormed(junitReport(reportOf([runSaying(said)], { replay: said }))),
      ),
    );
  });
});

/** Of XML 1.0, as much of the grammar as these files use. */
function assertWellFormed(xml: string): void {
  assert.doesNotMatch(xml, /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u);
  const token =
    /<\?xml version="1\.0" encoding="UTF-8"\?>|<\/([a-z-]+)>|<([a-z-]+)((?: [a-z]+="(?:[^<&"]|&(?:lt|gt|amp|quot);)*")*)(\/?)>|(?:[^<&>]|&(?:lt|gt|amp|quot);)+/gy;
  const open: string[] = [];
  while (token.lastIndex < xml.length) {
    const from = token.lastIndex;
    const found = token.exec(xml);
    assert.ok(found, `not XML: ${xml.slice(from, from + 80)}`);
    const [, end, begin, , isEmpty] = found;
    if (end !== undefined) assert.equal(end, open.pop());
    if (begin !== undefined && !isEmpty) open.push(begin);
  }
  assert.deepEqual(open, []);
}

describe('the command line', () => {
  const temp = mkdtempSync(join(tmpdir(), 'holdfast-report-test-'));
  after(() => rmSync(temp, { recursive: true, force: true }));

  test('writes each report to its file, and a test where there is one', async () => {
    const { NODE_TEST_CONTEXT, NODE_EXTRA_CA_CERTS, ...env } = process.env;
    const program = join(import.meta.dirname, '../bin/holdfast.js');
    const counters = join(import.meta.dirname, 'torture/counters.ts');
    const args = ['run', counters, '--name', 'lossy counter', '--mode', 'threads', '--seed', 's'];
    const files = ['--report', 'r.html', '--junit', 'r.xml', '--regression', 'r.test.ts'];
    const child = spawn(process.execPath, [program, 'torture', ...args, ...files], {
      env: { ...env, HOLDFAST_DIR: temp },
      cwd: temp,
    });
    const closed = once(child, 'close');
    const [, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await closed;
    assert.equal(child.exitCode, 1, stderr);
    assertWellFormed(readFileSync(join(temp, 'r.xml'), 'utf8'));
    assert.match(readFileSync(join(temp, 'r.html'), 'utf8'), /^<!doctype html>/);
    const isWritten = existsSync(join(temp, 'r.test.ts'));
    assert.equal(/no violation was made into a test/.test(stderr), !isWritten, stderr);
  });

  test('gives each test of a counterexample a file, of a name that test runners know', async () => {
    const found = (test: string) => violation({ counterexample: { ...lostUpdate(), test } });
    const plain = violation({ counterexample: undefined });
    const report = reportOf([
      fullRun({ violations: [found('first'), plain] }),
      fullRun({ violations: [found('second')] }),
    ]);
    const notes: string[] = [];
    let out = '';
    const status = await tell(
      {
        ...{ args: [], cwd: temp, env: {}, signal: new AbortController().signal },
        options: { regression: 'lost.update.test.ts' },
        out: (text) => {
          out += text;
        },
        note: (line) => notes.push(line),
        flush: async () => true,
      },
      report,
    );
    assert.equal(status, 1);
    const files = ['lost.update.test.ts', 'lost-2.update.test.ts'].map((name) => join(temp, name));
    assert.deepEqual(
      files.map((file) => readFileSync(file, 'utf8')),
      ['first', 'second'],
    );
    assert.deepEqual(
      notes,
      files.map((file) => `regression: ${file}`),
    );
    for (const file of files) assert.ok(out.includes(`a test that shows it again: ${file}\n`), out);
  });
});

describe('the HTML report', () => {
  test('is made of nothing but what it is meant to be made of, whatever a store says', () => {
    for (const said of [...hostileTexts, '<b>"\'&\u0007'.repeat(2e5)]) {
      const html = htmlReport(reportOf([runSaying(said)], { seed: said, replay: said }));
      assertHarmless(html);
      assert.ok(html.length < 3e6, `${html.length}`);
    }
    fc.assert(
      fc.property(anyText, (said) => assertHarmless(htmlReport(reportOf([runSaying(said)])))),
      { numRuns: 25 },
    );
  });

  test('is made of whatever figures there are, possible or not', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const report = reportOf([run]);
        assertHarmless(htmlReport(report));
        assertWellFormed(junitReport(report));
        assert.ok(reportText(report).endsWith('\n'));
      }),
      { numRuns: 60 },
    );
  });

  test('says by its policy that nothing is asked for and that no script runs but its own', () => {
    const html = htmlReport(reportOf([fullRun()]));
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    assert.match(policy, /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+';/);
    for (const [kind, element] of [
      ['style', /<style>([\s\S]*?)<\/style>/],
      ['script', /<script>([\s\S]*?)<\/script>/],
    ] as const) {
      const [, content = ''] = element.exec(html) ?? [];
      const hash = createHash('sha256').update(content).digest('base64');
      assert.ok(policy.includes(`${kind}-src 'sha256-${hash}'`), kind);
    }
  });

  test('of many long runs stays below 6 MB, with the first operations of each', () => {
    const long = timeline(100_000, 32);
    const runs = Array.from({ length: 33 }, (_, index) =>
      fullRun({ name: `P${index}`, timeline: long, operations: 100_000 }),
    );
    const html = htmlReport(reportOf(runs));
    assert.ok(html.length < 6e6, `${html.length}`);
    assert.match(html, /The first 7,\d\d\d of 100,012 operations/);
  });

  test('cuts long pauses out of a timeline, and says so', () => {
    const marks = [0, 1, 2].flatMap((burst): Timeline['marks'][number][] => [
      [0, 0, 0, burst * 1e6, burst * 1e6 + 80],
      [1, 0, 0, burst * 1e6 + 40, burst * 1e6 + 100],
    ]);
    const run = emptyRun({ timeline: { f: ['add'], marks, total: 6 } });
    const html = htmlReport(reportOf([run]));
    assert.match(html, /Dotted: 2 pauses are cut out, 2 s in all/);
    assert.equal(html.match(/<path class="break" d="M\d/g)?.length, 2);
  });
});

const ELEMENTS = new Set(
  'a b body br circle code dd details div dl dt figcaption figure g h1 h2 h3 head header html li link main meta ol p path polygon polyline pre rect script section span style summary svg table tbody td text tfoot th thead title tr ul'.split(
    ' ',
  ),
);
const ATTRIBUTES = new Set(
  'aria-hidden aria-label aria-labelledby charset class colspan content cx cy d data-lanes data-picture dx height href http-equiv id lang name open points preserveAspectRatio r rel role rx scope tabindex text-anchor viewBox width x y'.split(
    ' ',
  ),
);
const VOID = new Set(['br', 'link', 'meta']);

/** That every element and attribute is one of ours, closed in turn, and that text is only text. */
function assertHarmless(html: string): void {
  const bare = html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<script>[\s\S]*<\/script>\n<\/body>/, '</body>')
    .replace(/^<!doctype html>\n/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  assert.doesNotMatch(bare, /[\u0000-\u0008\u000b-\u001f\u007f\p{Surrogate}]/u);
  const token = /<(\/?)([a-z0-9]+)((?: [\w-]+(?:="[^"<>]*")?)*)(\/?)>|[^<>]+/gy;
  const open: string[] = [];
  while (token.lastIndex < bare.length) {
    const from = token.lastIndex;
    const found = token.exec(bare);
    assert.ok(found, `neither element nor text: ${bare.slice(from, from + 80)}`);
    const [, end, name, attributes = '', isEmpty] = found;
    if (name === undefined) continue;
    assert.ok(ELEMENTS.has(name), name);
    for (const [, attribute = ''] of attributes.matchAll(/ ([\w-]+)(?:="[^"]*")?/g)) {
      assert.ok(ATTRIBUTES.has(attribute), attribute);
    }
    if (end) assert.equal(name, open.pop());
    else if (!isEmpty && !VOID.has(name)) open.push(name);
  }
  assert.deepEqual(open, []);
}

const anyNumber = fc.oneof(fc.integer({ min: -5, max: 1_000_000 }), fc.double());
const anyTime = fc.integer({ min: -1, max: 1e9 });

const anyOperation: fc.Arbitrary<Operation> = fc.record({
  process: fc.nat(300),
  ...{ phase: fc.constant('run'), round: fc.nat(3), f: fc.string(), outcome: anyOf('ok', 'fail') },
  ...{ input: fc.anything({ withBigInt: true, withMap: true }), output: fc.anything() },
  ...{ invokedAt: anyTime, returnedAt: fc.option(anyTime, { nil: undefined }) },
});

const anyCounterexample: fc.Arbitrary<Counterexample> = fc.record({
  operations: fc.array(anyOperation, { maxLength: 60 }),
  ...{ others: fc.nat(), sentence: fc.string() },
  order: fc.array(fc.nat(70)),
  schedule: fc.option(fc.array(fc.string()), { nil: undefined }),
});

/** Runs of the right types, and nothing more. */
const anyRun: fc.Arbitrary<RunReport> = fc
  .record({
    ...{ mode: anyOf('interleave', 'threads', 'crash'), verdict: anyOf('ok', 'violation') },
    violations: fc.array(
      fc.record({
        ...{ invariant: fc.string(), message: fc.string(), repeat: fc.nat(), alike: fc.nat() },
        operations: fc.array(anyOperation, { maxLength: 5 }),
        counterexample: fc.option(anyCounterexample, { nil: undefined }),
      }),
      { maxLength: 6 },
    ),
    faults: fc.array(
      fc.record({
        ...{ fault: fc.string(), armed: fc.nat(), hit: fc.nat() },
        skipped: fc.option(fc.string(), { nil: undefined }),
        windows: fc.array(
          fc.record({ repeat: fc.nat(), from: anyTime, to: anyTime, target: fc.string() }),
        ),
      }),
    ),
    timeline: fc.record({
      f: fc.array(fc.string(), { minLength: 3, maxLength: 3 }),
      marks: fc.array(
        fc.tuple(fc.nat(300), fc.nat(2), anyOf<0 | 1 | 2>(0, 1, 2), anyTime, anyTime),
      ),
      total: fc.nat(),
    }),
    pairs: fc.dictionary(fc.string(), fc.nat()),
    throughput: fc.record({ binMs: anyNumber, clients: fc.array(fc.array(fc.nat())) }),
    leaks: fc.array(
      fc.record({
        ...{ what: anyOf('memory', 'files'), isLeak: fc.boolean(), names: fc.array(fc.string()) },
        ...{ perCycle: anyNumber, low: anyNumber, high: anyNumber, samples: fc.array(anyNumber) },
      }),
    ),
    schedules: fc.option(
      fc.record({
        ...{ tried: fc.nat(), points: fc.nat(), perSecond: anyNumber, isExhaustive: fc.boolean() },
      }),
      { nil: undefined },
    ),
    ...{
      overlap: anyNumber,
      maxConcurrency: fc.nat(),
      durationMs: anyNumber,
      operations: fc.nat(),
    },
  })
  .map((drawn): RunReport => ({ ...fullRun(), ...drawn }));

function anyOf<const T>(...values: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...values);
}
