import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { RunReport } from '../src/torture/report.ts';
import { htmlReport, junitReport, liveLine, reportText } from '../src/torture.ts';
import { emptyRun, fullRun, lostUpdate, reportOf, violation } from './torture/full-report.ts';

/** Text of a store that would do harm where it is not shown as text. */
const hostile = [
  '</script><script>alert(1)</script>',
  '</style></title></textarea><img src=x onerror=alert(1)>',
  ']]>&lt;&#0;<!-- --><!DOCTYPE html>',
  `"'\` onload=alert(1) ${'\u0000\u001b[2J\r\n\t\u202e\ud800'}`,
];

/** A run in which every text that comes from a store is `said`. */
function runSaying(said: string): RunReport {
  const example = lostUpdate();
  const operations = example.operations.map((one, at) => {
    const error = at === 3 ? said : undefined;
    return { ...one, f: said, input: said, output: { [said]: [said] }, error };
  });
  const counterexample = { ...example, operations, sentence: said, schedule: [said], test: said };
  return fullRun({
    ...{ name: said, title: said, target: said, replay: said, notes: [said], reason: said },
    violations: [
      violation({ invariant: said, message: said, operations, counterexample }),
      violation({ invariant: said, message: said, operations, counterexample: undefined }),
    ],
    histograms: { [said]: { counts: [0, 1], total: 1, max: 1, sum: 1 } },
    pairs: { [`${said}|${said}`]: 1 },
    timeline: { f: [said], marks: [[0, 0, 0, 1, 2]], total: 1 },
    faults: [
      { fault: said, armed: 1, hit: 1, skipped: said, windows: [] },
      {
        ...{ fault: said, armed: 1, hit: 1, skipped: undefined },
        windows: [{ repeat: 0, from: 0, to: 1, target: said }],
      },
    ],
    leaks: fullRun().leaks.map((leak) => ({ ...leak, names: [said] })),
  });
}

describe('the text report', () => {
  const full = reportText(reportOf([fullRun()]));

  test('shows a counterexample with a column for each client, and the sentence beneath', () => {
    assert.ok(
      full.includes(`P5 processes: linearizable: no order of the operations explains their results (repetition 1)
  µs     client 0    client 1          client 2
  0.0    ┌ add 1
  112.5  └ → 1  (1)
  130.0  ┌ add 1
  141.2  │           ┌ add 1
  200.0  │           │                 ┌ add 1
  290.0  │           └ → 2  CANNOT BE  │
  310.0  └ → 2  (2)                    │
`),
      full,
    );
    assert.match(full, / {2}add 1 → 2 of client 1 cannot be: 2 was answered already/);
    assert.match(full, / {2}and 17 more operations, which may or may not have happened/);
    assert.match(full, / {2}replay: holdfast torture replay 7:a91c-0002\n/);
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
    assert.match(full, /20412 schedules of at most 38 points, a part of those there are/);
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
    for (const said of [...hostile, '\u001b'.repeat(1e6)]) {
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
    for (const said of [...hostile, '<&>"\u0007'.repeat(2e5)]) {
      assertWellFormed(junitReport(reportOf([runSaying(said)], { seed: said.slice(0, 1000) })));
    }
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(String.fromCharCode) }),
        (said) => assertWellFormed(junitReport(reportOf([runSaying(said)], { replay: said }))),
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
      env,
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
});

describe('the HTML report', () => {
  test('exists', () => assert.ok(htmlReport(reportOf([fullRun()]))));
});
