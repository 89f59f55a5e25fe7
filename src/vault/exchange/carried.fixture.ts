import fc from 'fast-check';
import { ALGORITHMS } from '../keys/algorithm.ts';
import { keyIdOf, VERSION_MAX } from '../keys/key-id.ts';
import { KEY_STATES } from '../keys/key-state.ts';
import type { CarriedKey } from './carried-key.ts';
import type { CarriedSecret } from './carried-secret.ts';

const plain = { noNullPrototype: true } as const;

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(keyIdOf);
const time = fc.maxSafeNat();
const nanos = fc.nat({ max: 999_999 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const text = (maxLength: number) => fc.string({ unit: 'grapheme', minLength: 1, maxLength });

const limits = fc
  .tuple(maybe(time), maybe(time))
  .filter(([encrypt, decrypt]) => decrypt === undefined || (encrypt ?? 0) <= decrypt)
  .map(([encryptUntil, decryptUntil]) => ({ encryptUntil, decryptUntil }));

export const carriedKey: fc.Arbitrary<CarriedKey> = fc
  .tuple(
    fc.record(
      {
        id,
        baseId: id,
        version: fc.integer({ min: 1, max: VERSION_MAX }),
        state: fc.constantFrom(...KEY_STATES),
        algorithm: fc.constantFrom(...ALGORITHMS),
        label: maybe(text(20)),
        createdAt: time,
        nanos: fc.record({ created: nanos, until: nanos }, plain),
      },
      plain,
    ),
    limits,
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  )
  .map(([info, until, material]) => ({ info: { ...info, ...until }, material }));

const values = fc
  .array(fc.tuple(time, fc.uint8Array({ maxLength: 100 })), { minLength: 1, maxLength: 4 })
  .map((all) => all.map(([createdAt, value], at) => ({ version: at + 1, createdAt, value })));

export const carriedSecret: fc.Arbitrary<CarriedSecret> = fc
  .record(
    {
      name: fc.stringMatching(/^[A-Za-z0-9][\w./-]{0,20}$/),
      tags: fc.dictionary(text(10), text(10), { maxKeys: 4, noNullPrototype: true }),
      createdAt: time,
      ends: maybe(fc.tuple(time, time)),
      versions: values,
    },
    plain,
  )
  .map(({ tags, ends, ...secret }) => ({
    ...secret,
    tags: Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)),
    deletedAt: ends?.[0],
    purgeAt: ends?.[1],
  }));
