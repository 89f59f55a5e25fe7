import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cut } from './changed.fixture.ts';
import { JsonCursor, JsonError } from './json-cursor.ts';

function cursor(text: string | Uint8Array): JsonCursor {
  return new JsonCursor('file', typeof text === 'string' ? Buffer.from(text) : text);
}

/** Reads a value to the end of the text. */
function read<T>(text: string | Uint8Array, take: (json: JsonCursor) => T): T {
  const json = cursor(text);
  const value = take(json);
  json.end();
  return value;
}

const skip = (json: JsonCursor) => json.skip();

function faultOf(text: string | Uint8Array, take: (json: JsonCursor) => unknown = skip) {
  try {
    read(text, take);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JsonError && error.code === 'FORMAT_INVALID');
    return error.fault;
  }
}

describe('any JSON', () => {
  test('is passed over as far as it goes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, indent) => {
        read(JSON.stringify(value, null, indent), skip);
      }),
    );
  });

  test('is refused where JSON.parse refuses it, and nowhere else', () => {
    const marks = [
      ...'{}[]:,"\\ \n-+.019eEtrufalsn/ü',
      '"a":',
      '\\u00',
      'true',
      'null',
      '[1,',
      '1.5',
    ];
    const text = fc.string({ unit: fc.constantFrom(...marks), maxLength: 12 });
    fc.assert(
      fc.property(text, (given) => {
        let isValid = true;
        try {
          JSON.parse(given);
        } catch {
          isValid = false;
        }
        assert.equal(faultOf(given) === undefined, isValid);
      }),
      { numRuns: 5000 },
    );
  });

  test('with a field that is there twice is refused, however the name is written', () => {
    for (const text of ['{"a":1,"a":1}', '{"a":1,"b":2,"\\u0061":1}', '[{"":{"x":1,"x":1}}]']) {
      assert.equal(faultOf(text), 'shape');
    }
    read('{"a":{"a":1},"b":{"a":1}}', skip);
  });

  test('that is nested too deeply is refused in no time', () => {
    read(`${'['.repeat(32)}${']'.repeat(32)}`, skip);
    assert.equal(faultOf('['.repeat(33)), 'shape');
    assert.equal(faultOf('{"a":'.repeat(1_000_000)), 'shape');
    assert.equal(faultOf('['.repeat(10_000_000)), 'shape');
  });

  test('has limits on numbers, names and fields', () => {
    assert.equal(faultOf('1'.repeat(401)), 'shape');
    assert.equal(faultOf(`{"${'n'.repeat(257)}":1}`), 'shape');
    const fields = (count: number) =>
      `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join(',')}}`;
    read(fields(256), skip);
    assert.equal(faultOf(fields(257)), 'shape');
  });

  test('that is cut anywhere ends in the middle', () => {
    const text = '{"a":[true,false,null,12,{"b":"\\u00e9\\n"}],"c":-1.5e3,"d":"x" }';
    read(text, skip);
    for (const part of cut(Buffer.from(text))) assert.equal(faultOf(part), 'truncated');
  });

  test('is UTF-8 without a mark, half characters and what follows', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3, 0x22],
      [0xef, 0xbb, 0xbf, 0x31],
    ]) {
      assert.equal(faultOf(Buffer.from(bytes)), 'not-json');
    }
    for (const text of [
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '1 2',
      '{}x',
      '"\n"',
      '"\\x"',
      '\u00a01',
    ]) {
      assert.equal(faultOf(text), 'not-json');
    }
    read('"\\ud83d\\ude00"', skip);
  });
});

describe('text', () => {
  test('comes out as it went in', () => {
    const point = fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0x10ffff }));
    const character = point.map((code) => String.fromCodePoint(code));
    const text = fc.string({ unit: character.filter((one) => one.isWellFormed()) });
    fc.assert(
      fc.property(text, (given) => {
        assert.equal(
          read(JSON.stringify(given), (json) => json.string(10_000)),
          given,
        );
      }),
    );
  });

  test('has so many bytes and no more, counted without the escapes', () => {
    const take = (json: JsonCursor) => json.string(4);
    assert.equal(read('"üü"', take), 'üü');
    assert.equal(read('"\\u00fc\\u00fc"', take), 'üü');
    assert.equal(faultOf('"üüa"', take), 'shape');
    assert.equal(faultOf('"\\u0061bcde"', take), 'shape');
    assert.equal(faultOf(`"${'\\u0061'.repeat(5)}"`, take), 'shape');
  });
});

describe('bytes', () => {
  const take = (json: JsonCursor) => json.bytes(0, 1000);

  test('come out as they went in, however they are laid out', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 1, 2), (given, indent) => {
        const text = JSON.stringify([...given], null, indent);
        assert.deepEqual(new Uint8Array(read(text, take)), given);
        assert.deepEqual(new Uint8Array(read(text.replaceAll(',', ' , '), take)), given);
      }),
    );
  });

  for (const element of [
    '256',
    '-1',
    '-0',
    '1.5',
    '1.0',
    '1e2',
    '01',
    '1000',
    '0256',
    '"1"',
    'null',
    'true',
    '[1]',
    '{}',
    '',
    '1 1',
    '99999999999999999999999',
  ]) {
    test(`have no element ${element || 'that is not there'}, and the place is told`, () => {
      const json = () =>
        read(`{"metadata":{"base_id":[1,2,3,${element},5]}}`, (top) =>
          top.object((outer) =>
            top.within(outer, () => top.object((inner) => top.within(inner, () => take(top)))),
          ),
        );
      assert.throws(json, {
        code: 'FORMAT_INVALID',
        message: element === '1 1' ? /base_id: / : /^file: metadata\.base_id\[3\]: /,
      });
    });
  }

  test('of another number are refused before there is memory for them', () => {
    const million = `[${'0,'.repeat(999_999)}0]`;
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(faultOf(million, take), 'shape');
    assert.ok(process.memoryUsage().arrayBuffers - before < 100_000 + million.length);
    for (const [text, count] of [
      ['[]', 1],
      ['[1]', 2],
      ['[1,2]', 1],
    ] as const) {
      assert.equal(
        faultOf(text, (json) => json.bytes(count, count)),
        'shape',
      );
    }
    assert.equal(read('[]', take).length, 0);
    assert.equal(faultOf('[1,2,', take), 'truncated');
    assert.equal(faultOf('[1,2,]', take), 'not-json');
  });
});

describe('an unsigned integer', () => {
  const take = (json: JsonCursor) => json.unsigned(0xffff_ffff);

  test('is decimal and in its range', () => {
    assert.equal(read(' 0 ', take), 0);
    assert.equal(read('4294967295', take), 0xffff_ffff);
    for (const text of ['4294967296', '-1', '1.0', '1e1', '1E1', '"1"', '18446744073709551616']) {
      assert.equal(faultOf(text, take), 'shape');
    }
    assert.equal(faultOf('00', take), 'not-json');
    assert.equal(faultOf('1'.repeat(1_000_000), take), 'shape');
    assert.equal(
      read(String(Number.MAX_SAFE_INTEGER), (json) => json.unsigned(Number.MAX_SAFE_INTEGER)),
      Number.MAX_SAFE_INTEGER,
    );
    assert.equal(
      faultOf('9007199254740992', (json) => json.unsigned(Number.MAX_SAFE_INTEGER)),
      'shape',
    );
  });
});

test('an error quotes nothing of the file', () => {
  const canary = 'sesame';
  for (const text of [
    `"${canary}`,
    `{"${canary}":1,"${canary}":1}`,
    `{"a":"\\${canary}"}`,
    `{"a" ${canary}}`,
    `[${canary}]`,
  ]) {
    assert.throws(
      () => read(text, skip),
      (error: Error) => !String(error.stack).includes(canary) && error.cause === undefined,
    );
  }
});
