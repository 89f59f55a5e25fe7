import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut, displayWidth, padded } from './width.ts';

const WIDTHS: readonly (readonly [text: string, width: number])[] = [
  ['', 0],
  ['rows', 4],
  ['naïve', 5],
  ['日本語', 6],
  ['한국어', 6],
  ['ﾊﾞﾅﾅ', 4],
  ['Ａ', 2],
  ['👍', 2],
  ['👍🏽', 2],
  ['👩‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['1️⃣', 2],
  ['❤️', 2],
  ['🏳️‍🌈', 2],
  ['☎️', 2],
  ['☎', 1],
  ['e\u0301', 1],
  ['\u0301', 0],
  ['a\u200bb', 2],
  ['…', 1],
];

test('a text is as wide as a terminal shows it', () => {
  for (const [text, width] of WIDTHS) assert.equal(displayWidth(text), width, text);
});

test('every emoji takes two cells', () => {
  const emoji = /^\p{RGI_Emoji}$/v;
  const endings = ['', '\ufe0f', '\ufe0f\u20e3', '\u{1f3fb}', '\u200d♂️', '\ufe0f\u200d♂️'];
  let count = 0;
  for (let point = 0x23; point < 0x1fb00; point += 1) {
    const start = String.fromCodePoint(point);
    if (!/\p{Emoji}/u.test(start)) continue;
    for (const ending of endings) {
      const text = start + ending;
      if (!emoji.test(text)) continue;
      assert.equal(displayWidth(text), 2, text);
      count += 1;
    }
  }
  assert.ok(count > 1500, `${count}`);
});

test('what is cut ends in an ellipsis and never in half a character', () => {
  assert.equal(cut('rows', 4), 'rows');
  assert.equal(cut('rows', 3), 'ro…');
  assert.equal(cut('日本語', 6), '日本語');
  assert.equal(cut('日本語', 5), '日本…');
  assert.equal(cut('日本語', 4), '日…');
  assert.equal(cut('a👩‍👩‍👧b', 3), 'a…');
  assert.equal(cut('日', 1), '…');
  assert.equal(cut('rows', 0), '');
});

test('any text fits once it is cut, and fills a column once it is padded', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.nat(30), (text, width) => {
      const shown = cut(text, width);
      assert.ok(displayWidth(shown) <= width, `${shown} in ${width}`);
      if (displayWidth(text) <= width && width > 0) assert.equal(shown, text);
      assert.equal(displayWidth(padded(shown, width)), width);
    }),
  );
});
