import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineTap } from './line-tap.ts';

async function tapped(chunks: readonly Uint8Array[]) {
  const lines: string[] = [];
  const tap = new LineTap((line) => lines.push(line));
  const passed = await buffer(Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(tap));
  return { lines, passed };
}

test('lines end with a newline or a carriage return, the last one with the output', async () => {
  const { lines } = await tapped([Buffer.from('one\ntwo\r\nthree\rfo'), Buffer.from('ur')]);
  assert.deepEqual(lines, ['one', 'two', 'three', 'four']);
});

test('bytes pass as they are, wherever they are cut, and so do the lines that are told of', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 6 }),
      fc.array(fc.nat(40), { maxLength: 6 }),
      async (texts, cuts) => {
        const bytes = Buffer.from(texts.join('\n'));
        const ends = [...new Set([0, ...cuts.filter((at) => at < bytes.length), bytes.length])];
        ends.sort((a, b) => a - b);
        const chunks = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
        const { lines, passed } = await tapped(chunks);
        assert.deepEqual(passed, bytes);
        assert.deepEqual(
          lines,
          bytes
            .toString()
            .split(/[\r\n]+/)
            .filter((line) => line !== ''),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('what never ends a line is not kept', async () => {
  const { lines } = await tapped(Array.from({ length: 40 }, () => Buffer.alloc(10_000, 'x')));
  assert.deepEqual(
    lines.map(({ length }) => length),
    [65_536],
  );
});
