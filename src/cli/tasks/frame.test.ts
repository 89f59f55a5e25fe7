import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FrameSize, frameLines } from './frame.ts';

const frame = (rows: readonly { rank: number; text: string }[], size: FrameSize) =>
  frameLines(rows, size, (kept) => kept.map(({ text }) => text));

const lines = (...ranks: readonly number[]) =>
  ranks.map((rank, at) => ({ rank, text: `line ${at}` }));

test('a frame leaves room for the cursor, and leaves out what matters least', () => {
  const size = { columns: 80, rows: 4 };
  assert.deepEqual(frame(lines(0, 1, 2), size), ['line 0', 'line 1', 'line 2']);
  assert.deepEqual(frame(lines(0, 4, 4, 1, 3), size), ['line 0', 'line 3', '+3 more']);
  assert.deepEqual(frame(lines(0, 1), { columns: 80, rows: 1 }), ['+2 more']);
  assert.deepEqual(frame([], size), []);
});

test('a line ends before the last column', () => {
  const text = '進捗 [####~~~~~~] 42%';
  const widths = [80, 20, 6, 2].map((columns) => frame([{ rank: 0, text }], { columns, rows: 9 }));
  assert.deepEqual(widths, [[text], ['進捗 [####~~~~~~] …'], ['進捗…'], ['…']]);
});
