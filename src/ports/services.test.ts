import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkServices, numberedServices, type Service } from './services.ts';

const invalid = { code: 'CONFIG_INVALID', message: /^validation error/ };

describe('services of a group', () => {
  test('defaults are filled in and the order is that of the bytes of the tags', () => {
    const checked = checkServices({
      web: { offset: 2, preferred: 80, env: 'MY_WEB' },
      'api-v2': {},
      Zed: { offset: 1 },
    });
    assert.deepEqual(checked, [
      { tag: 'Zed', offset: 1, preferred: undefined, env: 'ZED' },
      { tag: 'api-v2', offset: 0, preferred: undefined, env: 'API_V2' },
      { tag: 'web', offset: 2, preferred: 80, env: 'MY_WEB' },
    ]);
    const far = checkServices({ '\u{1F600}': { env: 'A' }, '\uFFEE': { offset: 1, env: 'B' } });
    assert.deepEqual(
      far.map(({ env }) => env),
      ['B', 'A'],
    );
  });

  test('a tag is trimmed before it is compared', () => {
    assert.equal(checkServices({ ' web ': {} })[0]?.tag, 'web');
    assert.throws(
      () => checkServices({ ' web ': { env: 'A' }, web: { offset: 1, env: 'B' } }),
      invalid,
    );
  });

  const refused: [what: string, services: Record<string, Service>][] = [
    ['no service at all', {}],
    ['a blank tag', { '  ': { env: 'A' } }],
    ['a tag with NUL', { 'a\0b': { env: 'A' } }],
    ['a tag that makes no name of a variable', { 'web port': {} }],
    ['a tag that begins with a digit', { '9web': {} }],
    ['a tag with letters beyond ASCII and no env', { straße: {} }],
    ['a name of a variable with a space', { web: { env: 'WEB PORT' } }],
    ['an empty name of a variable', { web: { env: '' } }],
    ['a name of a variable of 256 characters', { web: { env: 'A'.repeat(256) } }],
    ['a name of a variable that ends in a line feed', { web: { env: 'WEB\n' } }],
    ['the same offset twice', { a: { offset: 3 }, b: { offset: 3 } }],
    ['an offset of 0 beside an omitted one', { a: { offset: 0 }, b: {} }],
    ['the same preferred port twice', { a: { preferred: 80 }, b: { offset: 1, preferred: 80 } }],
    ['names of variables that differ in case alone', { web: {}, b: { offset: 1, env: 'Web' } }],
    ['a negative offset', { a: { offset: -1 } }],
    ['an offset beyond all ports', { a: { offset: 65_536 } }],
    ['an offset that is not whole', { a: { offset: 1.5 } }],
    ['preferred port 0', { a: { preferred: 0 } }],
    ['preferred port 65536', { a: { preferred: 65_536 } }],
  ];
  for (const [what, services] of refused) {
    test(`${what} is refused`, () => assert.throws(() => checkServices(services), invalid));
  }

  test('a name of a variable of 255 characters is taken', () => {
    assert.equal(checkServices({ web: { env: 'A'.repeat(255) } })[0]?.env.length, 255);
  });

  test('a tag called __proto__ is a tag like any other', () => {
    const services = Object.fromEntries([['__proto__', { offset: 4 }]]);
    assert.deepEqual(
      checkServices(services).map(({ tag, offset, env }) => [tag, offset, env]),
      [['__proto__', 4, '__PROTO__']],
    );
  });

  test('no message repeats anything of a tag or of a name that was given', () => {
    const marked = fc.string().map((text) => `${text}ATTACK\u001b`);
    const service = fc.record({ offset: fc.integer(), env: marked }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.dictionary(marked, service), (services) => {
        assert.throws(
          () => checkServices(services),
          (error: Error) => !/ATTACK|\p{Cc}/u.test(error.message),
        );
      }),
    );
  });

  test('a number of services gives as many tags at contiguous offsets', () => {
    const checked = checkServices(numberedServices(12));
    assert.equal(checked.length, 12);
    for (const { tag, offset, env } of checked) {
      assert.equal(tag, `port-${offset}`);
      assert.equal(env, `PORT_${offset}`);
    }
    for (const count of [0, -1, 1.5, Number.NaN, 65_536]) {
      assert.throws(() => numberedServices(count), RangeError);
    }
  });
});
