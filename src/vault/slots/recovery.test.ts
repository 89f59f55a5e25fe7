import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isRecoverySecret, newRecoveryCode, recoverySecret } from './recovery.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secretOf = (text: string) => recoverySecret(Buffer.from(text)).toString('hex');

describe('a recovery code', () => {
  test('is nine groups of what nobody misreads', () => {
    for (let count = 0; count < 50; count += 1) {
      const code = newRecoveryCode().toString();
      assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]$/);
      assert.ok(isRecoverySecret(recoverySecret(Buffer.from(code))));
    }
  });

  test('is another one every time', () => {
    const codes = new Set(Array.from({ length: 50 }, () => newRecoveryCode().toString()));
    assert.equal(codes.size, 50);
  });

  test('stands for the same bits in every release', () => {
    assert.equal(secretOf(`${'0'.repeat(32)}0`), '00'.repeat(20));
    assert.equal(
      secretOf('0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ-1'),
      '00443214c74254b635cf84653a56d7c675be77df',
    );
  });

  test('has each of its bits in one digit', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 32; index += 1) {
      for (const digit of '1248G') {
        const text = `${'0'.repeat(index)}${digit}${'0'.repeat(31 - index)}`;
        const secret = [...ALPHABET].map((check) => tried(text + check)).find((hex) => hex !== '');
        seen.add(secret ?? '');
      }
    }
    assert.equal(seen.size, 160);
    const all = [...seen].reduce((sum, hex) => sum | BigInt(`0x${hex}`), 0n);
    assert.equal(all, (1n << 160n) - 1n);
  });

  test('may be typed small, with other spaces, and with letters for the digits they look like', () => {
    const code = newRecoveryCode().toString();
    const expected = secretOf(code);
    const zero = newCodeWith('01');
    assert.equal(secretOf(code.toLowerCase()), expected);
    assert.equal(secretOf(` ${code.replaceAll('-', '')}\r\n`), expected);
    assert.equal(secretOf(code.replace(/./g, '$& ')), expected);
    for (const [o, i] of ['OI', 'oi', 'OL', 'ol'].map(([a = '', b = '']) => [a, b] as const)) {
      assert.equal(secretOf(zero.replaceAll('0', o).replaceAll('1', i)), secretOf(zero));
    }
  });

  test('with one character wrong is told from a right one', () => {
    fc.assert(
      fc.property(fc.nat(32), fc.nat(30), (index, step) => {
        const code = newRecoveryCode().toString().replaceAll('-', '');
        const digit = ALPHABET.indexOf(code[index] ?? '');
        const wrong = ALPHABET[(digit + 1 + step) % 32];
        assert.equal(tried(code.slice(0, index) + wrong + code.slice(index + 1)), '');
      }),
      { numRuns: 500 },
    );
  });

  test('with two neighbours swapped is told from a right one', () => {
    fc.assert(
      fc.property(fc.nat(31), (index) => {
        const code = newRecoveryCode().toString().replaceAll('-', '');
        const [a = '', b = ''] = code.slice(index, index + 2);
        fc.pre(a !== b);
        assert.equal(tried(code.slice(0, index) + b + a + code.slice(index + 2)), '');
      }),
      { numRuns: 500 },
    );
  });

  test('too short, too long, or with a strange letter says so, and not what was typed', () => {
    const code = newRecoveryCode().toString();
    const cases: readonly [string, RegExp][] = [
      ['', /has 0 characters, not 33$/],
      [code.slice(1), /has 32 characters, not 33$/],
      [`${code}0`, /has 34 characters, not 33$/],
      [`U${code.slice(1)}`, /a character that is in no code$/],
      [`é${code.slice(1)}`, /a character that is in no code$/],
    ];
    for (const [text, message] of cases) {
      assert.throws(
        () => secretOf(text),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'FORMAT_INVALID');
          assert.match(error.message, message);
          assert.ok(!error.message.includes(code.slice(5, 9)));
          return true;
        },
      );
    }
  });
});

/** '' for what is no code. */
function tried(text: string): string {
  try {
    return secretOf(text);
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'FORMAT_INVALID');
    return '';
  }
}

function newCodeWith(digits: string): string {
  for (;;) {
    const code = newRecoveryCode().toString();
    if ([...digits].every((digit) => code.includes(digit))) return code;
  }
}
