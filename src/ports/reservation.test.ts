import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../errors.ts';
import { decodeReservation, type RawReservation } from './reservation.ts';
import { quoted, someText } from './wording.ts';

const sound: RawReservation = {
  path: '/a',
  tag: 'web',
  port: 5000,
  project: null,
  task: 't',
  created_at: 10,
  last_used_at: 20,
};

describe('a stored row', () => {
  test('is read with times in milliseconds and nothing where nothing is stored', () => {
    assert.deepEqual(decodeReservation(sound), {
      path: '/a',
      tag: 'web',
      port: 5000,
      project: undefined,
      task: 't',
      createdAt: 10_000,
      lastUsedAt: 20_000,
    });
    assert.equal(decodeReservation({ ...sound, tag: '' }).tag, undefined);
  });

  const bad: [keyof RawReservation, unknown][] = [
    ['path', 'relative'],
    ['path', '/a/'],
    ['path', ''],
    ['path', null],
    ['path', new Uint8Array(3)],
    ['tag', ' padded '],
    ['tag', null],
    ['tag', 7],
    ['port', 0],
    ['port', 65_536],
    ['port', 80.5],
    ['port', Number.NaN],
    ['port', '80'],
    ['port', null],
    ['project', ''],
    ['project', ' x'],
    ['project', 'x'.repeat(256)],
    ['project', new Uint8Array(0)],
    ['task', 'a\0b'],
    ['created_at', -1],
    ['created_at', 8_640_000_000_001],
    ['last_used_at', null],
    ['last_used_at', 1n],
  ];
  for (const [field, value] of bad) {
    test(`whose ${field} is ${String(value).slice(0, 20)} (${typeof value}) is corruption`, () => {
      assert.throws(() => decodeReservation({ ...sound, [field]: value }), {
        code: 'CORRUPT',
        message: new RegExp(
          `^database corruption detected: table=reservations, field=${field}, key=path=.*, tag=.*: .*trop did not modify or repair the stored data$`,
          's',
        ),
      });
    });
  }

  test('is never more than sound or corrupt, whatever is in it', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.uint8Array(),
      fc.constant(null),
    );
    const row = fc.record({
      path: value,
      tag: value,
      port: value,
      project: value,
      task: value,
      created_at: value,
      last_used_at: value,
    });
    fc.assert(
      fc.property(row, fc.subarray(Object.keys(sound)), (odd, replaced) => {
        const mixed = {
          ...sound,
          ...Object.fromEntries(Object.entries(odd).filter(([key]) => replaced.includes(key))),
        };
        try {
          const decoded = decodeReservation(mixed);
          assert.ok(decoded.port >= 1 && decoded.port <= 65_535);
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.code === 'CORRUPT');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('text is quoted so that a terminal is not written to', () => {
  assert.equal(quoted('a"b\\c\n\u001b[1m'), '"a\\"b\\\\c\\n\\u{1b}[1m"');
  assert.equal(someText(undefined), 'None');
  assert.equal(someText('ü x'), 'Some("ü x")');
});
