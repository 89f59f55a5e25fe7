import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingLine, pageSteps } from './page.ts';

const page = [
  'Words',
  '```js a.mjs',
  'export const a = 1;',
  '```',
  '```sh',
  'node a.mjs    # exits 0',
  "node 'b c.mjs'    # exits 1",
  '```',
  '```text',
  'took 12 ms',
  '```',
].join('\n');

test('a page is files to write, commands to run and lines to see, in order', () => {
  assert.deepEqual(pageSteps(page), [
    { kind: 'write', file: 'a.mjs', text: 'export const a = 1;\n' },
    { kind: 'run', line: 'node a.mjs', exits: 0 },
    { kind: 'run', line: "node 'b c.mjs'", exits: 1 },
    { kind: 'shown', lines: ['took 12 ms'] },
  ]);
});

test('a block that nobody would run is refused', () => {
  for (const block of ['js\n1', 'sh\nnode a.mjs', 'json\n{}', '\nplain']) {
    assert.throws(() => pageSteps(`\`\`\`${block}\n\`\`\`\n`), assert.AssertionError);
  }
});

test('lines are found in order, whatever their numbers, widths and elisions', () => {
  const printed = 'preset  ops\ncounter  208  ok\n\ntook 1300 ms (seed 9f)\n';
  assert.equal(missingLine(['counter 80 ok', 'took 12 ms (…'], printed), undefined);
  assert.equal(missingLine(['took 12 ms …', 'counter 80 ok'], printed), 'counter 80 ok');
  assert.equal(missingLine(['counter 80'], printed), 'counter 80');
});
