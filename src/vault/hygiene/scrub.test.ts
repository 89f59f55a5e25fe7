import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { eachForm } from './forms.ts';
import { Scrubber, scrub } from './scrub.ts';
import { Secret } from './secret.ts';

const PASSWORD = 'p@ss "w/örd';
const secrets = Object.entries({ password: Buffer.from(PASSWORD) });

describe('a scrubbed text', () => {
  const bytes = Buffer.from(PASSWORD);
  const cases: readonly [string, string, string][] = [
    ['the secret itself', `login ${PASSWORD}!`, 'login ***!'],
    ['it twice', `${PASSWORD} ${PASSWORD}`, '*** ***'],
    ['it twice in one', `${PASSWORD}${PASSWORD}`, '***'],
    ['hexadecimal', `<${bytes.toString('hex')}>`, '<***>'],
    ['base64', `x ${bytes.toString('base64')}`, 'x ***'],
    ['base64 without padding', bytes.toString('base64').replaceAll('=', ''), '***'],
    [
      'a basic authorization',
      `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`,
      'Basic bWU6***',
    ],
    ['JSON', JSON.stringify({ PASSWORD }), '{"PASSWORD":"***"}'],
    ['a query', `?p=${encodeURIComponent(PASSWORD)}&q`, '?p=***&q'],
  ];
  for (const [name, text, expected] of cases) {
    test(`has a mask in place of ${name}`, () => {
      assert.deepEqual(scrub(text, secrets), { text: expected, found: ['password'], tooShort: [] });
    });
  }

  test('is the text itself when no secret is in it, well-formed or not', () => {
    const scrubber = new Scrubber([['absent', Buffer.from('\u{10ffff}\u{10ffff}')]]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\u{10ffff}'));
        assert.deepEqual(scrubber.scrub(text), { text, found: [], tooShort: [] });
      }),
    );
    assert.equal(scrub('a\ud800', secrets).text, 'a\ud800');
  });

  test('names what was found in the order of the secrets, each once', () => {
    const named = [
      ['c', 'charlie'],
      ['a', 'alphabet'],
      ['b', 'bravo!'],
      ['a', 'again'],
      ['same', 'charlie'],
    ].map(([name = '', text = '']) => [name, Buffer.from(text)] as const);
    const { text, found } = scrub('again alphabet charlie charlie bravo', named);
    assert.equal(text, '*** *** *** *** bravo');
    assert.deepEqual(found, ['c', 'a', 'same']);
  });

  test('covers secrets that lie within or across one another', () => {
    const named = Object.entries({
      long: Buffer.from('abcdefghij'),
      part: Buffer.from('defg'),
      across: Buffer.from('ghijkl'),
    });
    assert.deepEqual(scrub('-abcdefghijkl-defg-', named), {
      text: '-***-***-',
      found: ['long', 'part', 'across'],
      tooShort: [],
    });
  });

  test('has every byte of every occurrence of every secret covered, and no other', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 6 });
    const long = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(short, { minLength: 1, maxLength: 4 }), long, (wanted, text) => {
        const isCovered = [...text].map(() => false);
        for (const secret of wanted) {
          for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
            isCovered.fill(true, at, at + secret.length);
          }
        }
        const expected = [...text]
          .map((char, index) => (isCovered[index] ? (isCovered[index - 1] ? '' : '***') : char))
          .join('');
        const named = wanted.map((secret) => [secret, Buffer.from(secret)] as const);
        const { text: scrubbed, found } = scrub(text, named);
        assert.equal(scrubbed, expected);
        assert.deepEqual(found, [...new Set(wanted.filter((secret) => text.includes(secret)))]);
      }),
      { numRuns: 200 },
    );
  });

  test('has every byte of every form covered, and no other', () => {
    const secret = fc.uint8Array({ minLength: 4, maxLength: 6 });
    const piece = (bytes: Uint8Array) => {
      const whole = Buffer.from(bytes);
      const around = Buffer.concat([Buffer.from('.'), whole, Buffer.from(',')]);
      const forms = [whole.toString('hex'), whole.toString('base64'), around.toString('base64')];
      return fc
        .constantFrom(...forms)
        .chain((form) => fc.nat(form.length).map((cut) => form.slice(cut)));
    };
    const scene = fc.array(secret, { minLength: 1, maxLength: 3 }).chain((bytes) =>
      fc.tuple(
        fc.constant(bytes),
        fc
          .array(fc.oneof(...bytes.map(piece), fc.string()), { maxLength: 6 })
          .map((all) => all.join('')),
      ),
    );
    fc.assert(
      fc.property(scene, ([bytes, text]) => {
        const named = bytes.map((each, index) => [`${index}`, each] as const);
        assert.equal(scrub(text, named).text, slowly(text, bytes));
      }),
      { numRuns: 100 },
    );
  });

  test('says which secrets are too short to be looked for', () => {
    const named = Object.entries({
      none: new Uint8Array(),
      pin: Buffer.from('123'),
      word: new Secret(Buffer.from('1234')),
    });
    assert.deepEqual(scrub('123 1234', named), {
      text: '123 ***',
      found: ['word'],
      tooShort: ['none', 'pin'],
    });
  });
});

describe('a scrubber', () => {
  test('refuses secrets that are too long, by name and without showing them', () => {
    const long = new Secret(randomBytes(64 * 1024 + 1));
    const many = Array.from({ length: 5 }, (_, n) => [`s${n}`, randomBytes(60_000)] as const);
    assert.throws(() => new Scrubber([['tls key', long]]), {
      name: 'RangeError',
      code: 'ARGUMENT_INVALID',
      message: /^cannot look for "tls key": .{1,80}$/,
    });
    assert.throws(() => new Scrubber(many), { name: 'RangeError', message: /"s4"/ });
  });

  test('finds a secret of the greatest length in the midst of base64', () => {
    const secret = randomBytes(64 * 1024);
    const scrubber = new Scrubber([['big', secret]]);
    const text = Buffer.concat([Buffer.from('head:'), secret, Buffer.from('tail')]);
    assert.equal(scrubber.scrub(text.toString('base64')).text, 'aGVhZD***dGFpbA==');
  });

  test('takes time that does not grow with the square of the text', () => {
    const scrubber = new Scrubber([['a', Buffer.from(`${'a'.repeat(5000)}b`)]]);
    const text = 'a'.repeat(500_000);
    assert.equal(scrubber.scrub(text).text, text);
    const dense = new Scrubber([['a', Buffer.from('a'.repeat(5000))]]);
    assert.equal(dense.scrub(text).text, '***');
  });

  test('takes no more text once it was disposed of', () => {
    const scrubber = new Scrubber(secrets);
    const masker = scrubber.masker();
    scrubber.dispose();
    assert.throws(() => scrubber.scrub(PASSWORD), { code: 'CLOSED' });
    assert.throws(() => masker.push(Buffer.from(PASSWORD)), { code: 'CLOSED' });
  });
});

/** A search for one form after the other. */
function slowly(text: string, wanted: readonly Uint8Array[]): string {
  const bytes = Buffer.from(text);
  const isCovered = [...bytes].map(() => false);
  const cover = (form: Buffer, leads: ReadonlySet<number>) => {
    for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) {
      isCovered.fill(true, leads.has(bytes[at - 1] ?? -1) ? at - 1 : at, at + form.length);
    }
  };
  for (const secret of wanted) {
    eachForm(secret, (form, { leads, endings } = { leads: new Set(), endings: [] }) => {
      cover(Buffer.from(form), leads);
      for (const ending of endings) cover(Buffer.concat([form, ending]), leads);
    });
  }
  const pieces = [...bytes].map((byte, index) => {
    if (!isCovered[index]) return Buffer.of(byte);
    return Buffer.from(isCovered[index - 1] ? '' : '***');
  });
  return Buffer.concat(pieces).toString();
}
