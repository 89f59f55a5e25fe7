import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { eachForm } from './forms.ts';

interface Form {
  readonly bytes: Buffer;
  readonly leads: ReadonlySet<number>;
}

function formsOf(secret: Uint8Array): readonly Form[] {
  const forms: Form[] = [];
  eachForm(secret, (form, { leads, endings } = { leads: new Set(), endings: [] }) => {
    forms.push({ bytes: Buffer.from(form), leads });
    for (const ending of endings) forms.push({ bytes: Buffer.concat([form, ending]), leads });
  });
  return forms;
}

/** The longest stretch of a text that some form covers, with its lead. */
function coveredBy(forms: readonly Form[], text: Buffer): readonly [from: number, to: number] {
  let longest: readonly [number, number] = [0, 0];
  for (const { bytes, leads } of forms) {
    const at = text.indexOf(bytes);
    if (at < 0) continue;
    const from = leads.has(text[at - 1] ?? -1) ? at - 1 : at;
    if (at + bytes.length - from > longest[1] - longest[0]) longest = [from, at + bytes.length];
  }
  return longest;
}

const secretBytes = fc.uint8Array({ minLength: 4, maxLength: 40 });
const secretText = fc
  .string({ unit: 'grapheme', minLength: 4, maxLength: 12 })
  .filter((text) => text.isWellFormed());
const around = fc.uint8Array({ maxLength: 7 });

describe('the forms of a secret', () => {
  test('include it as it is and in hexadecimal', () => {
    fc.assert(
      fc.property(secretBytes, (bytes) => {
        const secret = Buffer.from(bytes);
        const forms = formsOf(secret);
        for (const text of [
          secret,
          Buffer.from(secret.toString('hex')),
          Buffer.from(secret.toString('hex').toUpperCase()),
        ]) {
          assert.deepEqual(coveredBy(forms, text), [0, text.length]);
        }
      }),
    );
  });

  for (const encoding of ['base64', 'base64url'] as const) {
    test(`cover every digit of ${encoding} that tells of it, wherever it stands`, () => {
      fc.assert(
        fc.property(secretBytes, around, around, (secret, before, after) => {
          const text = Buffer.from(Buffer.concat([before, secret, after]).toString(encoding));
          const [from, to] = coveredBy(formsOf(secret), text);
          const firstDigit = Math.floor((before.length * 8) / 6);
          const pastDigit = Math.ceil(((before.length + secret.length) * 8) / 6);
          assert.equal(from, firstDigit);
          if (after.length > 0) assert.equal(to, pastDigit);
          else assert.equal(to, text.length);
        }),
        { numRuns: 100 },
      );
    });
  }

  const writers: readonly [string, (text: string) => string][] = [
    ['encodeURIComponent()', encodeURIComponent],
    ['encodeURI()', encodeURI],
    ['URLSearchParams', (text) => new URLSearchParams([['', text]]).toString().slice(1)],
    ['RFC 3986', strictly],
    ['Python’s quote()', (text) => strictly(text).replaceAll('%2F', '/')],
    ['Python’s quote_plus()', (text) => strictly(text).replaceAll('%20', '+')],
    ['JSON.stringify()', (text) => JSON.stringify(text).slice(1, -1)],
    ['Python’s json', (text) => asciiJson(text)],
    ['PHP’s json_encode()', (text) => asciiJson(text).replaceAll('/', '\\/')],
    ['Go’s json', (text) => markupJson(text)],
  ];
  for (const [name, write] of writers) {
    test(`are those of ${name}`, () => {
      fc.assert(
        fc.property(secretText, (secret) => {
          const text = Buffer.from(write(secret));
          const covered = coveredBy(formsOf(Buffer.from(secret)), text);
          assert.deepEqual(covered, [0, text.length], text.toString());
        }),
        { numRuns: 100 },
      );
    });
  }

  test('are written with small digits, too', () => {
    const forms = formsOf(Buffer.from('a/é\u0001?'));
    for (const text of ['a%2f%c3%a9%01%3f', 'a/\\u00e9\\u0001?', 'a/\\u00E9\\u0001?']) {
      assert.deepEqual(coveredBy(forms, Buffer.from(text)), [0, text.length], text);
    }
  });

  test('of bytes that are no text are none of JSON', () => {
    const secret = Buffer.from([0xff, 34, 34, 34, 34]);
    assert.ok(formsOf(secret).every(({ bytes }) => !bytes.includes('\\"')));
  });

  test('have at least four bytes', () => {
    fc.assert(
      fc.property(secretBytes, (secret) => {
        assert.ok(formsOf(secret).every(({ bytes }) => bytes.length >= 4));
      }),
    );
  });
});

function strictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

function asciiJson(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u0080-\uffff]/g, escaped);
}

function markupJson(text: string): string {
  return JSON.stringify(text).slice(1, -1).replace(/[<>&]/g, escaped);
}
