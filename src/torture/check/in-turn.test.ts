import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeInTurn } from './in-turn.ts';

type Kind = 'legal' | 'illegal' | 'exhausted' | 'uncertain';

const patience = { limitMs: 60_000, firstLookMs: 1000 };

/** Judges parts by what they answer at each look, and says in which order they were looked at. */
function judged(parts: Readonly<Record<string, readonly Kind[]>>) {
  const looks: string[] = [];
  const found = judgeInTurn(
    Object.keys(parts),
    (name) => {
      const nth = looks.filter((one) => one === name).length;
      looks.push(name);
      return { kind: parts[name]?.[nth] ?? 'legal' };
    },
    patience,
  );
  return { part: found?.part, kind: found?.found.kind, looks: looks.join('') };
}

describe('parts of a history that are judged in turn', () => {
  test('are all legal, or the first that is illegal is the answer', () => {
    assert.equal(judged({ a: ['legal'], b: ['legal'] }).part, undefined);
    const { part, looks } = judged({ a: ['legal'], b: ['illegal'], c: ['illegal'] });
    assert.deepEqual([part, looks], ['b', 'ab']);
  });

  test('are looked at again only when all others had their turn', () => {
    const { part, looks } = judged({ a: ['exhausted', 'illegal'], b: ['legal'] });
    assert.deepEqual([part, looks], ['a', 'aba']);
    assert.equal(judged({ a: ['exhausted', 'illegal'], b: ['illegal'] }).part, 'b');
  });

  test('that stay open are the answer only when none is illegal', () => {
    assert.equal(judged({ a: ['uncertain'], b: ['illegal'] }).part, 'b');
    assert.equal(judged({ a: ['uncertain'], b: ['exhausted', 'illegal'] }).part, 'b');
    assert.equal(judged({ a: ['exhausted', 'exhausted'], b: ['legal'] }).kind, 'exhausted');
    assert.equal(judged({ a: ['uncertain'], b: ['legal'] }).kind, 'uncertain');
  });

  test('have a first look, and share the rest of the time', () => {
    const lengths: number[] = [];
    judgeInTurn(
      ['a', 'b'],
      (_, deadline) => {
        lengths.push(deadline - performance.now());
        return { kind: 'exhausted' };
      },
      patience,
    );
    const near = (ms: number, goal: number) => ms > goal * 0.9 && ms <= goal;
    const [first = 0, second = 0, third = 0, fourth = 0] = lengths;
    assert.ok(near(first, 1000) && near(second, 1000), `${first}, ${second}`);
    assert.ok(near(third, 30_000) && near(fourth, 60_000), `${third}, ${fourth}`);
  });
});
