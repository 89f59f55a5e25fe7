import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cleanField, cleanGuess, cleanTag, mergeSticky } from './metadata.ts';
import { isClean } from './reservation.ts';

const text = fc.string({
  unit: fc.constantFrom('a', ' ', '\t', '\u0085', '\u00a0', '\u3000', '\0', 'ü', '\u{1f600}'),
  maxLength: 140,
});

describe('a project or task', () => {
  test('is trimmed of every kind of white space', () => {
    assert.equal(cleanField('project', ' \u3000\u0085web x\u00a0\n'), 'web x');
  });

  test('may take 255 bytes and no more', () => {
    assert.equal(cleanField('task', 'ü'.repeat(127)).length, 127);
    assert.throws(() => cleanField('task', 'ü'.repeat(128)), { code: 'CONFIG_INVALID' });
    assert.throws(() => cleanField('task', 'x'.repeat(256)), { message: /255 bytes/ });
  });

  for (const bad of ['', '   ', 'a\0b', '\ud800']) {
    test(`${JSON.stringify(bad)} is refused`, () => {
      assert.throws(() => cleanField('project', bad), {
        code: 'CONFIG_INVALID',
        message: /^validation error for 'project': /,
      });
    });
  }

  test('that is guessed and not valid is none', () => {
    assert.equal(cleanGuess('task', '  '), undefined);
    assert.equal(cleanGuess('task', undefined), undefined);
    assert.equal(cleanGuess('task', ' x '), 'x');
  });

  test('comes out clean whatever it was, or is refused', () => {
    fc.assert(
      fc.property(text, (given) => {
        const guess = cleanGuess('project', given);
        if (guess === undefined) return;
        assert.ok(isClean(guess) && guess !== '' && Buffer.byteLength(guess) <= 255);
        assert.equal(cleanField('project', guess), guess);
        assert.ok(given.includes(guess));
      }),
    );
  });
});

test('a tag that is left out is the empty one, and a blank one is refused', () => {
  assert.equal(cleanTag(undefined), '');
  assert.equal(cleanTag(' web '), 'web');
  assert.throws(() => cleanTag(' '), { code: 'CONFIG_INVALID', message: /Cannot be empty/ });
});

describe('sticky metadata', () => {
  const stored = { project: 'a', task: undefined };
  const refused = { allowProjectChange: false, allowTaskChange: false };

  test('stays when it is left out or the same', () => {
    assert.deepEqual(mergeSticky(stored, {}, refused), stored);
    assert.deepEqual(mergeSticky(stored, { project: 'a', task: null }, refused), stored);
  });

  test('changes, clears and appears only with permission for that field', () => {
    assert.throws(() => mergeSticky(stored, { project: 'b' }, refused), {
      code: 'STICKY_FIELD',
      message:
        'cannot change sticky field \'project\': Cannot change project from Some("a") to Some("b") without --force or --allow-project-change',
    });
    assert.throws(() => mergeSticky(stored, { task: 't' }, refused), {
      message:
        'cannot change sticky field \'task\': Cannot change task from None to Some("t") without --force or --allow-task-change',
    });
    const onlyProject = { allowProjectChange: true, allowTaskChange: false };
    assert.deepEqual(mergeSticky(stored, { project: null }, onlyProject), {
      project: undefined,
      task: undefined,
    });
    assert.throws(() => mergeSticky(stored, { project: 'b', task: 't' }, onlyProject));
  });
});
