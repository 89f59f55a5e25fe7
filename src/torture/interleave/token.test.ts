import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { CALL_ERRORS } from '../faults/fault.ts';
import { parseReplayToken, type Replay, replayToken } from './token.ts';

const count = fc.nat(1000);

/** Without objects that have no prototype: JSON has none. */
function record<T extends object>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(parts, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const fault = fc.oneof(
  fc.constant(undefined),
  record({ kind: fc.constant('kill' as const), client: count, at: count }),
  record({ kind: fc.constant('power-loss' as const), at: count, limit: count }),
  record({
    kind: fc.constant('fail-calls' as const),
    error: fc.constantFrom(...CALL_ERRORS),
    nth: count,
    persistent: fc.boolean(),
  }),
);

/** Whatever a draw may come to, as far as it is data. */
const input = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  maxDepth: 3,
});

const replay = (inputs: fc.Arbitrary<unknown>): fc.Arbitrary<Replay> =>
  record({
    name: fc.string(),
    file: fc.string(),
    seed: fc.string(),
    repeat: count,
    program: fc.array(
      record({
        phase: fc.string(),
        isMeasured: fc.boolean(),
        operations: fc.array(fc.array(record({ f: fc.string(), input: inputs }))),
      }),
      { maxLength: 3 },
    ),
    choices: fc.array(count),
    fault,
  });

const sample: Replay = {
  ...{ name: 'counter', file: 'counter.ts', seed: '1', repeat: 0, choices: [0, 1, 1] },
  program: [{ phase: 'run', isMeasured: true, operations: [[{ f: 'add', input: 1 }], []] }],
};

function packed(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `i1.${deflateRawSync(text).toString('base64url')}`;
}

function assertRefused(token: string): void {
  assert.throws(() => parseReplayToken(token), {
    name: 'RangeError',
    code: 'ARGUMENT_INVALID',
    message: /^not a replay token/,
  });
}

describe('replay tokens', () => {
  test('say again what they were made of', () => {
    fc.assert(
      fc.property(replay(input), (one) => {
        const token = replayToken(one);
        assert.ok(token?.startsWith('i1.') && !/[^\w.-]/.test(token));
        // A fault that is not there need not be said.
        assert.deepEqual({ fault: undefined, ...parseReplayToken(token ?? '') }, one);
      }),
    );
  });

  test('of bytes and of what JSON changes too', () => {
    const inputs = [
      ...[undefined, Number.NaN, Number.POSITIVE_INFINITY, -0, 2n ** 70n],
      ...[Buffer.from([1, 2, 255]), new Uint8Array([7]), new Date(5), new Date(Number.NaN)],
      ...[{ $: ['number', 'NaN'] }, { $: 1, a: undefined }, JSON.parse('{"__proto__":{"x":1}}')],
      ...[new Map([[{ a: 1 }, [undefined]]]), new Set([1n]), [undefined, [null]]],
    ];
    const operations = [inputs.map((one) => ({ f: 'put', input: one }))];
    const token = replayToken({
      ...sample,
      program: [{ ...sample.program[0], operations } as never],
    });
    const again = parseReplayToken(token ?? '').program[0]?.operations[0]?.map((one) => one.input);
    assert.deepEqual(again, inputs);
    assert.ok(Buffer.isBuffer(again?.[5]) && !Buffer.isBuffer(again?.[6]));
  });

  test('cannot be made of what is no data', () => {
    class Account {}
    const circle: unknown[] = [];
    circle.push(circle);
    for (const none of [() => 1, Symbol('x'), new Account(), circle, new WeakMap()]) {
      const operations = [[{ f: 'put', input: none }]];
      const program = [{ phase: 'run', isMeasured: true, operations }];
      assert.equal(replayToken({ ...sample, program }), undefined);
    }
    const input = Array.from({ length: 400_000 }, (_, index) => index * 7919);
    const program = [{ phase: 'run', isMeasured: true, operations: [[{ f: 'put', input }]] }];
    assert.equal(replayToken({ ...sample, program }), undefined);
  });

  describe('that are none are refused', () => {
    test('whatever the text', () => {
      for (const text of ['', 'i1.', 'i1', 'i2.AAAA', 'i1.%%%%', 'i1.\u0000', '7:a91c']) {
        assertRefused(text);
      }
      fc.assert(
        fc.property(
          fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()),
          (text) => {
            assertRefused(text);
            assertRefused(`i1.${text}`);
          },
        ),
      );
    });

    test('cut off at any place', () => {
      const token = replayToken(sample) ?? '';
      for (let length = 0; length < token.length - 1; length += 1) {
        assertRefused(token.slice(0, length));
      }
    });

    test('with any letter changed, or they are tokens after all', () => {
      const token = replayToken(sample) ?? '';
      fc.assert(
        fc.property(fc.nat(token.length - 1), fc.constantFrom(...'Az09-_.'), (at, letter) => {
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          try {
            assert.ok(Array.isArray(parseReplayToken(changed).choices));
          } catch (error) {
            assert.ok(error instanceof RangeError);
          }
        }),
      );
    });

    test('of any other JSON', () => {
      fc.assert(fc.property(fc.json(), (text) => assertRefused(packed(text))));
    });

    const stretch = sample.program[0];
    const wrong: Record<string, object> = {
      'a name that is a number': { name: 1 },
      'no choices': { choices: undefined },
      'choices that are no places': { choices: [-1] },
      'choices that are no numbers': { choices: ['0'] },
      'choices beyond all numbers': { choices: [2 ** 60] },
      'a repetition that is none': { repeat: 0.5 },
      'a program that is none': { program: {} },
      'a stretch that is none': { program: [null] },
      'operations that are none': { program: [{ ...stretch, operations: [[{}]] }] },
      'an operation that is null': { program: [{ ...stretch, operations: [[null]] }] },
      'a list that is none': { program: [{ ...stretch, operations: [7] }] },
      'clients without number': {
        program: [{ ...stretch, operations: Array.from({ length: 5000 }, () => []) }],
      },
      'an unknown fault': { fault: { kind: 'flood', at: 1 } },
      'a fault that is null': { fault: null },
      'a kill of nobody': { fault: { kind: 'kill', at: 1 } },
      'a kill at no moment': { fault: { kind: 'kill', client: 1, at: '1' } },
      'a kill before the beginning': { fault: { kind: 'kill', client: 1, at: -1 } },
      'a power loss without limit': { fault: { kind: 'power-loss', at: 1, limit: 1e12 } },
      'an unknown error': {
        fault: { kind: 'fail-calls', error: '__proto__', nth: 1, persistent: true },
      },
      'an unknown kind of input': {
        program: [{ ...stretch, operations: [[{ f: 'a', input: { $: ['function', 'x'] } }]] }],
      },
      'a number without end': {
        program: [
          { ...stretch, operations: [[{ f: 'a', input: { $: ['bigint', '9'.repeat(200_000)] } }]] },
        ],
      },
    };
    for (const [name, part] of Object.entries(wrong)) {
      test(`with ${name}`, () => assertRefused(packed({ ...sample, ...part })));
    }

    test('with keys that would change what objects are', () => {
      const text = JSON.stringify(sample);
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        const polluted = `${text.slice(0, -1)},"${key}":{"polluted":true,"choices":[0]}}`;
        parseReplayToken(packed(polluted));
        const input = `{"${key}":{"polluted":true}}`;
        const deep = text.replace('"input":1', `"input":${input}`);
        const [list] = parseReplayToken(packed(deep)).program[0]?.operations ?? [];
        assert.equal(JSON.stringify(list?.[0]?.input), input);
      }
      assert.equal(Reflect.get({}, 'polluted'), undefined);
      assert.equal(Reflect.get([], 'polluted'), undefined);
      const { choices: _, ...lacking } = sample;
      assertRefused(packed(`${JSON.stringify(lacking).slice(0, -1)},"__proto__":{"choices":[]}}`));
    });

    test('in no time and little memory, however much they unpack to', () => {
      const wide = Array.from({ length: 300_000 }, () => '[]').join();
      const bombs = [
        packed('0'.repeat(50_000_000)),
        packed(`"${'x'.repeat(900_000)}"`),
        packed('['.repeat(1_000_000)),
        packed(`${'['.repeat(500_000)}${']'.repeat(500_000)}`),
        packed(JSON.stringify(sample).replace('"input":1', `"input":[${wide}]`).concat('x')),
        packed(JSON.stringify(sample).replace('[[{"f"', `[${wide},[{"f"`)),
        packed(
          JSON.stringify(sample).replace(
            '"input":1',
            `"input":${'['.repeat(1e5)}${']'.repeat(1e5)}`,
          ),
        ),
        `i1.${'A'.repeat(20_000_000)}`,
        `i1.${Buffer.alloc(700_000, 0xff).toString('base64url')}`,
      ];
      for (const bomb of bombs) {
        const { heapUsed, external } = process.memoryUsage();
        const begun = process.cpuUsage();
        assertRefused(bomb);
        const { user, system } = process.cpuUsage(begun);
        const after = process.memoryUsage();
        assert.ok(
          user + system < 1_000_000,
          `${(user + system) / 1000} ms of ${bomb.slice(0, 30)}`,
        );
        const grown = after.heapUsed + after.external - heapUsed - external;
        assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes of ${bomb.slice(0, 30)}`);
      }
    });
  });
});
