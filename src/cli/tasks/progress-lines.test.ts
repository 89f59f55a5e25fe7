import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ProgressReport } from '../../tasks.ts';
import { ProgressLines } from './progress-lines.ts';

const LINES: readonly (readonly [line: string, report: ProgressReport | undefined])[] = [
  ['42%', { progress: 42, total: 100 }],
  ['copied 99.5 % of it', { progress: 99.5, total: 100 }],
  ['######   42.3%', { progress: 42.3, total: 100 }],
  [' 42%|████  | 42/120 [00:10<00:13, 4.2it/s]', { progress: 42, total: 100 }],
  ['[12/40] Linking 7/9', { progress: 12, total: 40 }],
  ['[ 12 / 40 ]', { progress: 12, total: 40 }],
  ['12/40', { progress: 12, total: 40 }],
  ['test 12/40: ok', { progress: 12, total: 40 }],
  ['0/3 done', { progress: 0, total: 3 }],
  ['\u001b[32m[3/4]\u001b[0m', { progress: 3, total: 4 }],
  ['{"progress":1.5,"total":3}', { progress: 1.5, total: 3 }],
  ['{"progress":7,"message":"linking"}', { progress: 7, message: 'linking' }],
  [
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":2,"total":8}}',
    { progress: 2, total: 8 },
  ],
  ['', undefined],
  ['linking', undefined],
  ['2026/11/21 nothing', undefined],
  ['src/12/40', undefined],
  ['/12/40', undefined],
  ['v1.2/3.4', undefined],
  ['41/40', undefined],
  ['0/0', undefined],
  ['142%', undefined],
  ['1142%', undefined],
  ['{"progress":"12"}', undefined],
  ['{"progress":-1}', undefined],
  ['{"progress":', undefined],
  ['{"params":null}', undefined],
];

test('a line tells of progress in one of four forms', () => {
  for (const [line, report] of LINES)
    assert.deepEqual(new ProgressLines().read(line), report, line);
});

test('the first form that a program prints stays its form', () => {
  const lines = new ProgressLines();
  const read = (line: string) => lines.read(line);
  assert.deepEqual(read('[1/3] compiled'), { progress: 1, total: 3 });
  assert.equal(read('coverage 87%'), undefined);
  assert.equal(read('passed 12/40'), undefined);
  assert.deepEqual(read('[2/3] compiled'), { progress: 2, total: 3 });
});

test('whatever is printed is read, or not, at once', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.stringMatching(/^[\d/%[\] .]{0,200}$/),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const report = new ProgressLines().read(text);
      if (report) assert.ok(report.progress >= 0 && (report.total ?? 0) >= 0);
    }),
  );
  const long = ['1'.repeat(4096), '1/'.repeat(2048), '1%'.repeat(2048), '['.repeat(4096)];
  for (const text of long) new ProgressLines().read(text);
});
