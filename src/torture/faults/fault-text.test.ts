import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DAMAGE_KINDS } from './damage.ts';
import {
  block,
  CALL_ERRORS,
  crashImages,
  damage,
  diskFull,
  type Fault,
  failCalls,
  fileLimit,
  kill,
  pause,
  powerLoss,
  syscalls,
} from './fault.ts';
import { FAULT_KINDS, faultText, parseFault } from './fault-text.ts';

const ms = fc.integer({ min: 1, max: 3_600_000 });
const limit = fc.integer({ min: 1, max: 10_000_000 });
const number = fc.integer({ min: 1, max: 65_534 });

function someOf<T>(items: readonly T[]) {
  return fc.shuffledSubarray([...items], { minLength: 1 });
}

const signals = Object.keys(constants.signals).filter((name): name is NodeJS.Signals =>
  Object.hasOwn(constants.signals, name),
);

const whens = fc
  .record(
    { first: number, last: number, step: number },
    { requiredKeys: ['first'], noNullPrototype: true },
  )
  .map(({ first, last, ...step }) =>
    last === undefined
      ? { first, ...step }
      : { first: Math.min(first, last), last: Math.max(first, last), ...step },
  );

const path = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !text.includes('\0'));

const faults: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ everyMs: ms }).map(kill),
  fc.record({ everyMs: ms, forMs: ms }).map(pause),
  fc.record({ everyMs: ms, forMs: ms }).map(block),
  fc.record({ everyMs: ms, limit }).map(crashImages),
  fc.record({ limit }).map(powerLoss),
  fc.record({ kinds: someOf(DAMAGE_KINDS), limit }, { requiredKeys: [] }).map(damage),
  fc
    .record({ errors: someOf(CALL_ERRORS), persistent: fc.boolean() }, { requiredKeys: [] })
    .map(failCalls),
  fc.record({ bytes: fc.integer({ min: 4096, max: 2 ** 40 }) }).map(diskFull),
  fc.record({ bytes: fc.constantFrom(4096, 2 ** 20, 3 * 2 ** 20, 2 ** 40) }).map(diskFull),
  fc.record({ descriptors: fc.integer({ min: 32, max: 2 ** 20 }) }).map(fileLimit),
  fc
    .record(
      {
        calls: someOf(['fsync', 'fdatasync', 'pwrite64', 'renameat2']),
        action: fc.oneof(
          fc.constantFrom(...Object.keys(constants.errno)).map((error) => ({ error })),
          fc.constantFrom(...signals).map((signal) => ({ signal })),
          fc.integer({ min: 1, max: 60_000 }).map((delayMs) => ({ delayMs })),
        ),
        when: whens,
        paths: fc.array(path, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['calls', 'action', 'when'] },
    )
    .map(syscalls),
);

describe('a fault as text', () => {
  const examples: readonly [text: string, fault: Fault][] = [
    ['kill', kill()],
    ['kill:every=250ms', kill({ everyMs: 250 })],
    ['pause:every=2s,for=250ms', pause({ everyMs: 2000, forMs: 250 })],
    ['block:for=5s', block({ forMs: 5000 })],
    ['crash-images', { kind: 'crash-images', everyMs: 50, limit: 40 }],
    ['power-loss:limit=9', powerLoss({ limit: 9 })],
    ['damage:kinds=truncate+flip,limit=5000', damage({ kinds: ['truncate', 'flip'], limit: 5000 })],
    ['fail-calls:errors=EIO,persistent', failCalls({ errors: ['EIO'], persistent: true })],
    ['disk-full:bytes=1mb', diskFull({ bytes: 1_048_576 })],
    ['file-limit:descriptors=64', fileLimit({ descriptors: 64 })],
    [
      'syscalls:calls=fsync+fdatasync,error=EIO,when=3+',
      syscalls({
        calls: ['fsync', 'fdatasync'],
        action: { error: 'EIO' },
        when: { first: 3, step: 1 },
      }),
    ],
    [
      'syscalls:calls=write,signal=SIGKILL,when=2..8+3,paths=a.db+b%2Bc',
      syscalls({
        calls: ['write'],
        action: { signal: 'SIGKILL' },
        when: { first: 2, last: 8, step: 3 },
        paths: ['a.db', 'b+c'],
      }),
    ],
  ];
  for (const [text, fault] of examples) {
    test(`${text} is what it says, in both directions`, () => {
      assert.deepEqual(parseFault(text), fault);
      assert.equal(faultText(fault), text);
    });
  }

  test('units are a matter of taste', () => {
    assert.deepEqual(parseFault('kill:every=0.2s'), parseFault('kill:every=200ms'));
    assert.deepEqual(parseFault('kill:every=1.5min'), kill({ everyMs: 90_000 }));
    assert.deepEqual(parseFault('disk-full:bytes=65536'), parseFault('disk-full:bytes=64kb'));
    assert.equal(faultText(parseFault('damage:limit=2000')), 'damage');
  });

  test('every fault survives the way to text and back, and to a worker', () => {
    fc.assert(
      fc.property(faults, (fault) => {
        assert.deepEqual(parseFault(faultText(fault)), fault);
        assert.deepEqual(structuredClone(fault), fault);
      }),
      { numRuns: 500 },
    );
  });

  const refused: readonly [text: string, message: RegExp][] = [
    [
      '',
      /^there is no fault ''; known are kill, pause, block, crash-images, power-loss, damage, fail-calls, disk-full, file-limit, syscalls$/,
    ],
    ['Kill', /^there is no fault 'Kill'; known are kill, /],
    ['constructor', /^there is no fault 'constructor'/],
    ['kill:', /^fault kill: there is no option ''; it takes every$/],
    ['pause:evry=1s', /^fault pause: there is no option 'evry'; it takes every, for$/],
    ['kill:every', /^fault kill: every needs a value$/],
    ['kill:every=', /^fault kill: every needs a value$/],
    ['kill:every=1', /^fault kill: every must be a duration such as 200ms or 1s, not '1'$/],
    ['kill:every=1h', /not '1h'$/],
    ['kill:every=0.0001s', /not '0\.0001s'$/],
    ['kill:every=0s', /^fault kill: every must be whole milliseconds up to an hour, not 0$/],
    ['kill:every=61min', /up to an hour, not 3660000$/],
    ['kill:every=1s,every=2s', /^fault kill: every is there twice$/],
    [
      'damage:kinds=flip+burn',
      /^fault damage: kinds: there is no 'burn'; known are truncate, flip,/,
    ],
    ['damage:limit=-1', /^fault damage: limit must be a number, not '-1'$/],
    ['damage:limit=0', /^fault damage: limit must be an integer from 1 to 10000000, not 0$/],
    ['fail-calls:persistent=yes', /^fault fail-calls: persistent takes no value$/],
    ['fail-calls:errors=EPERM', /there is no 'EPERM'; known are ENOSPC, EIO, EMFILE, short-write$/],
    ['disk-full', /^fault disk-full: needs bytes$/],
    ['disk-full:bytes=1kb', /from 4096 to 1099511627776, not 1024$/],
    ['disk-full:size=1mb', /there is no option 'size'; it takes bytes$/],
    ['file-limit:descriptors=20', /from 32 to 1048576, not 20$/],
    ['syscalls:calls=fsync,when=1', /^fault syscalls: needs one of error, signal and delay$/],
    [
      'syscalls:calls=fsync,error=EIO,signal=SIGKILL,when=1',
      /needs one of error, signal and delay$/,
    ],
    ['syscalls:error=EIO,when=1', /^fault syscalls: needs calls$/],
    ['syscalls:calls=fsync,error=EIO', /^fault syscalls: needs when$/],
    ['syscalls:calls=fsync,error=EIO,when=x', /when must be 3, 3\+, 3\.\.7 or 3\+2, not 'x'$/],
    ['syscalls:calls=fsync,error=EIO,when=5..3', /^system calls: when: 3 comes before 5$/],
    ['syscalls:calls=fsync,error=EFOO,when=1', /^system calls: no error is named 'EFOO'$/],
    ['syscalls:calls=a b,error=EIO,when=1', /^system calls: no system call is named 'a b'$/],
  ];
  for (const [text, message] of refused) {
    test(`'${text}' is refused with the reason`, () => {
      assert.throws(() => parseFault(text), {
        name: 'RangeError',
        code: 'ARGUMENT_INVALID',
        message,
      });
    });
  }

  test('any other text is a fault that can be said, or a RangeError', () => {
    const grammar = fc.stringMatching(
      /^(kill|pause|damage|disk-full|syscalls|fail-calls)(:((every|for|limit|kinds|bytes|calls|when|paths|error|persistent)(=([0-9.]{1,6}(ms|s|kb)?|flip|EIO|%|\+|fsync)?)?,?){0,3})?$/,
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), grammar), (text) => {
        const fault = parsedOrRefused(text);
        if (fault) assert.deepEqual(parseFault(faultText(fault)), fault);
      }),
      { numRuns: 2000 },
    );
  });

  test('there is an example of every kind', () => {
    assert.deepEqual(new Set(examples.map(([, { kind }]) => kind)), new Set(FAULT_KINDS));
  });
});

function parsedOrRefused(text: string): Fault | undefined {
  try {
    return parseFault(text);
  } catch (error) {
    assert.ok(error instanceof RangeError && 'code' in error, String(error));
    assert.equal(error.code, 'ARGUMENT_INVALID');
    return undefined;
  }
}
