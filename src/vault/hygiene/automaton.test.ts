import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Automaton, START } from './automaton.ts';
import { Trie } from './trie.ts';

// Few letters, so that patterns begin, end and hold one another.
const word = fc
  .array(fc.constantFrom(97, 98, 99), { minLength: 1, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes));
const text = fc
  .array(fc.constantFrom(97, 98, 99, 100), { maxLength: 40 })
  .map((bytes) => Buffer.from(bytes));

function automatonOf(patterns: readonly Buffer[]): Automaton {
  const trie = new Trie();
  for (const [owner, pattern] of patterns.entries()) trie.add(pattern, owner);
  return new Automaton(trie);
}

describe('an automaton', () => {
  test('ends every match where a search for each pattern does', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), text, (patterns, read) => {
        const automaton = automatonOf(patterns);
        const expected = new Set<string>();
        for (const [owner, pattern] of patterns.entries()) {
          for (let at = read.indexOf(pattern); at >= 0; at = read.indexOf(pattern, at + 1)) {
            expected.add(`${owner} to ${at + pattern.length}`);
          }
        }
        const found = new Set<string>();
        const reading = { at: 0, state: START };
        while (automaton.readToMatch(read, reading)) {
          const matches = [...automaton.matchesAt(reading.state)];
          assert.equal(matches[0], automaton.matchAt(reading.state));
          for (const { owners } of matches) {
            for (const owner of owners) found.add(`${owner} to ${reading.at}`);
          }
        }
        assert.deepEqual(found, expected);
      }),
      { numRuns: 200 },
    );
  });

  test('knows how much of the end of a text some pattern begins with', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), text, (patterns, read) => {
        const automaton = automatonOf(patterns);
        const reading = { at: 0, state: START };
        while (automaton.readToMatch(read, reading));
        let longest = 0;
        for (let size = 1; size <= read.length; size += 1) {
          const end = read.subarray(read.length - size);
          if (patterns.some((pattern) => pattern.subarray(0, size).equals(end))) longest = size;
        }
        assert.equal(automaton.depthOf(reading.state), longest);
      }),
      { numRuns: 200 },
    );
  });

  test('knows the leads of patterns, put together where one was given twice', () => {
    const trie = new Trie();
    trie.add(Buffer.from('abc'), 0, { leads: new Set([1, 2]), endings: [] });
    trie.add(Buffer.from('ab'), 1, { leads: new Set([2, 3]), endings: [Buffer.from('c')] });
    trie.add(Buffer.from('abc'), 1);
    const automaton = new Automaton(trie);
    const reading = { at: 0, state: START };
    while (reading.at < 4) automaton.readToMatch(Buffer.from('xabc'), reading);
    assert.deepEqual(automaton.matchAt(reading.state), {
      sizeBytes: 3,
      leads: new Set([1, 2, 3]),
      owners: [0, 1],
    });
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((byte) => automaton.isLead(byte)),
      [false, true, true, true, false],
    );
  });

  test('finds every byte value, and patterns in great number', () => {
    const patterns = Array.from({ length: 5000 }, (_, n) => Buffer.from([n & 255, n >> 8, n % 7]));
    const automaton = automatonOf(patterns);
    for (const [owner, pattern] of patterns.entries()) {
      const reading = { at: 0, state: START };
      while (automaton.readToMatch(pattern, reading) && reading.at < 3);
      assert.deepEqual(automaton.matchAt(reading.state)?.owners, [owner]);
    }
  });

  test('reads nothing more once it was wiped', () => {
    const automaton = automatonOf([Buffer.from('abc')]);
    automaton.wipe();
    assert.throws(() => automaton.readToMatch(Buffer.from('abc'), { at: 0, state: START }), {
      code: 'CLOSED',
    });
  });
});
