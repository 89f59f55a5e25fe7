import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { DAMAGE_KINDS, type Damage, type DamageKind, damagesOf } from './damage.ts';
import { type DirectoryImage, readImage, writeImage } from './directory-image.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-damage-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function imageOf(files: Readonly<Record<string, string | Uint8Array>>): DirectoryImage {
  count += 1;
  const dir = join(root, `source-${count}`);
  mkdirSync(dir);
  for (const [path, bytes] of Object.entries(files)) writeFileSync(join(dir, path), bytes);
  return readImage(dir);
}

function list(
  image: DirectoryImage,
  kinds: readonly DamageKind[],
  { limit = 100_000, older, seed = '7' }: { limit?: number; older?: DirectoryImage; seed?: string },
): Damage[] {
  return [...damagesOf(image.files, { kinds, seed, limit, older })];
}

const copy = join(root, 'copy');

/** What the files are after the damage, by path. */
function damaged(image: DirectoryImage, damage: Damage): Map<string, Buffer> {
  writeImage(image, copy);
  damage.apply(copy);
  return new Map(readImage(copy).files.map(({ path, bytes }) => [path, bytes]));
}

function targets(damages: readonly Damage[]): string[] {
  return damages.map(({ target }) => target);
}

/** No bytes alike in neighbouring places, and none of them zero. */
function pattern(sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, (_, index) => 1 + (index % 251)));
}

describe('damage to files', () => {
  test('a small file is cut at every byte', () => {
    const image = imageOf({ 'journal.db': 'abcd', empty: '' });
    const damages = list(image, ['truncate'], {});
    assert.deepEqual(
      targets(damages),
      [0, 1, 2, 3].map((at) => `journal.db at byte ${at}`),
    );
    const contents = damages.map((damage) => damaged(image, damage).get('journal.db')?.toString());
    assert.deepEqual(contents, ['', 'a', 'ab', 'abc']);
  });

  test('every bit of a small file is flipped once', () => {
    const image = imageOf({ a: Buffer.of(0b0000_0001, 0xff) });
    const damages = list(image, ['flip'], {});
    const seen = damages.map((damage) => damaged(image, damage).get('a')?.toString('hex'));
    assert.equal(new Set(seen).size, 16);
    assert.equal(damages[0]?.target, 'a at byte 0, bit 0');
    assert.equal(seen[0], '00ff');
    assert.equal(seen[15], '017f');
  });

  test('the last sector and the last page are torn: zeros, half of them, garbage, or as before', () => {
    const bytes = pattern(5000);
    const before = Buffer.from(bytes).fill(0xee, 4000);
    const damages = list(imageOf({ a: bytes }), ['torn-tail'], { older: imageOf({ a: before }) });
    assert.deepEqual(targets(damages), [
      'a from byte 4608: zeros',
      'a from byte 4804: zeros',
      'a from byte 4608: garbage',
      'a from byte 4804: as it was before',
      'a from byte 4096: zeros',
      'a from byte 4548: zeros',
      'a from byte 4096: garbage',
      'a from byte 4548: as it was before',
    ]);
    const image = imageOf({ a: bytes });
    for (const damage of damages) {
      const torn = damaged(image, damage).get('a') ?? Buffer.alloc(0);
      const from = Number(/byte (\d+)/.exec(damage.target)?.[1]);
      assert.equal(torn.length, 5000);
      assert.deepEqual(torn.subarray(0, from), bytes.subarray(0, from));
      if (damage.target.endsWith('zeros')) assert.ok(torn.subarray(from).every((one) => one === 0));
      if (damage.target.endsWith('before'))
        assert.deepEqual(torn.subarray(from), before.subarray(from));
    }
  });

  test('each page that is not empty is zeroed', () => {
    const bytes = pattern(3 * 4096 + 10);
    bytes.fill(0, 4096, 8192);
    const image = imageOf({ a: bytes });
    const damages = list(image, ['zero-page'], {});
    assert.deepEqual(targets(damages), [
      'a bytes 0 to 4095',
      'a bytes 8192 to 12287',
      'a bytes 12288 to 12297',
    ]);
    const last = damaged(image, damages[2] as Damage).get('a');
    assert.deepEqual(last, Buffer.concat([bytes.subarray(0, 12288), Buffer.alloc(10)]));
  });

  test('one file goes back to its older copy, or comes back at all, while the others stay', () => {
    const older = imageOf({ same: '1', db: 'old', removed: 'r' });
    const image = imageOf({ same: '1', db: 'new', added: 'a' });
    const damages = list(image, ['stale'], { older });
    assert.deepEqual(targets(damages), ['db', 'removed, which had been removed']);
    const [db, removed] = damages.map((damage) => damaged(image, damage));
    assert.deepEqual(Object.fromEntries(db ?? []), {
      same: Buffer.from('1'),
      db: Buffer.from('old'),
      added: Buffer.from('a'),
    });
    assert.equal(removed?.get('removed')?.toString(), 'r');
    assert.equal(removed?.get('db')?.toString(), 'new');
    assert.deepEqual(list(image, ['stale'], {}), []);
  });

  test('each file goes missing alone', () => {
    const image = imageOf({ a: '1', b: '' });
    const damages = list(image, ['missing'], {});
    assert.deepEqual(targets(damages), ['a', 'b']);
    assert.deepEqual(
      damages.map((damage) => [...damaged(image, damage).keys()]),
      [['b'], ['a']],
    );
  });

  test('a file keeps its names and its mode, also one that may not be written', () => {
    const dir = join(root, 'read-only');
    mkdirSync(dir);
    writeFileSync(join(dir, 'a'), 'abc');
    chmodSync(join(dir, 'a'), 0o440);
    const image = readImage(dir);
    for (const damage of list(image, ['truncate', 'flip', 'torn-tail', 'zero-page'], {})) {
      damaged(image, damage);
      assert.equal(statSync(join(copy, 'a')).mode & 0o777, 0o440);
    }
  });

  test('nothing that is listed leaves the files as they were, and no two are alike in kind and target', () => {
    const bytes = fc.uint8Array({ maxLength: 30 });
    const tree = fc.dictionary(fc.constantFrom('a', 'b', 'c'), bytes);
    fc.assert(
      fc.property(tree, tree, fc.string(), (files, before, seed) => {
        const image = imageOf(files);
        const damages = list(image, DAMAGE_KINDS, { older: imageOf(before), seed });
        const sizes = image.files.map(({ bytes: { length } }) => length);
        const sum = sizes.reduce((one, other) => one + other, 0);
        assert.ok(damages.length >= sum * 9 + image.files.length);
        const names = damages.map(({ kind, target }) => `${kind} ${target}`);
        assert.equal(new Set(names).size, names.length);
        const untouched = new Map(image.files.map(({ path, bytes: one }) => [path, one]));
        for (const damage of damages.filter((_, index) => index % 11 === 0)) {
          assert.notDeepEqual(damaged(image, damage), untouched, damage.target);
        }
        writeImage(image, copy);
        assert.equal(existsSync(join(copy, 'a')), untouched.has('a'));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a sample of damage', () => {
  const image = imageOf({ 'big.db': pattern(100_000), 'big.wal': pattern(70_000), small: 'xy' });

  test('is of the size asked for, says that it is one, and differs only with the seed', () => {
    const kinds = ['truncate', 'flip'] as const;
    const damages = damagesOf(image.files, { kinds, seed: '1', limit: 900 });
    assert.equal(damages.isExhaustive, false);
    assert.equal(damages.total, 9 * 170_002);
    const first = targets([...damages]);
    assert.equal(first.length, 900);
    assert.deepEqual(targets([...damages]), first);
    assert.deepEqual(targets(list(image, kinds, { seed: '1', limit: 900 })), first);
    assert.notDeepEqual(targets(list(image, kinds, { seed: '2', limit: 900 })), first);
    assert.equal(
      damagesOf(imageOf({ a: 'xy' }).files, { kinds, seed: '1', limit: 18 }).isExhaustive,
      true,
    );
    assert.equal(
      damagesOf(imageOf({ a: 'xy' }).files, { kinds, seed: '1', limit: 17 }).isExhaustive,
      false,
    );
  });

  test('cuts large files to nothing, before their last byte, and around sectors', () => {
    const found = new Set(targets(list(image, ['truncate'], { limit: 400 })));
    for (const at of [0, 99_999]) assert.ok(found.has(`big.db at byte ${at}`), `${at}`);
    for (const at of [0, 1]) assert.ok(found.has(`small at byte ${at}`), `small ${at}`);
    const offsets = [...found].map((target) => (Number(/byte (\d+)/.exec(target)?.[1]) + 1) % 512);
    const atEdges = offsets.filter((offset) => offset <= 2).length;
    assert.ok(atEdges > 180 && atEdges < 260, `${atEdges} of ${found.size}`);
  });

  test('flips a bit of each byte at both ends of a large file', () => {
    const found = targets(list(image, ['flip'], { limit: 2000 }));
    const bytes = new Set(found.map((target) => target.split(',')[0]));
    for (let offset = 0; offset < 64; offset += 1) {
      assert.ok(bytes.has(`big.db at byte ${offset}`));
      assert.ok(bytes.has(`big.wal at byte ${69_999 - offset}`));
    }
    const inside = found.filter((target) => Number(/byte (\d+)/.exec(target)?.[1]) > 64);
    assert.ok(inside.length > 600, `${inside.length}`);
  });

  test('is spread over kinds and files, from its first damage on', () => {
    const damages = list(image, DAMAGE_KINDS, { limit: 120, older: imageOf({ small: 'z' }) });
    assert.equal(damages.length, 120);
    const kinds = (some: readonly Damage[]) => new Set(some.map(({ kind }) => kind)).size;
    assert.equal(kinds(damages), 6);
    assert.equal(kinds(damages.slice(0, 16)), 6);
    for (const path of ['big.db', 'big.wal', 'small']) {
      assert.ok(damages.filter(({ target }) => target.startsWith(path)).length > 10, path);
    }
    assert.equal(list(image, DAMAGE_KINDS, { limit: 1 }).length, 1);
    assert.equal(kinds(list(image, ['truncate', 'flip', 'missing'], { limit: 3 })), 3);
  });

  test('is always exactly as large as asked, without anything twice', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 4 });
    const some = fc.subarray([...DAMAGE_KINDS], { minLength: 1 });
    fc.assert(
      fc.property(sizes, some, fc.integer({ min: 1, max: 3000 }), (lengths, kinds, limit) => {
        // 1024 bytes: the second half of the page is the last sector.
        const files = [1024, ...lengths].map((length, index) => ({
          path: `${index}`,
          bytes: pattern(length),
          mode: 0o600,
          modifiedAtMs: 0,
        }));
        const damages = damagesOf(files, { kinds, seed: 's', limit });
        const names = [...damages].map(({ kind, target }) => `${kind} ${target}`);
        assert.equal(names.length, Math.min(limit, damages.total));
        assert.equal(new Set(names).size, names.length);
        assert.equal(damages.isExhaustive, damages.total <= limit);
      }),
      { numRuns: 60 },
    );
  });

  test('a limit that is no positive integer is refused', () => {
    for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => list(image, ['flip'], { limit }), {
        name: 'RangeError',
        code: 'ARGUMENT_INVALID',
      });
    }
  });

  test('the files of a large image are sampled with little work', () => {
    const large = Buffer.alloc(64 * 1024 * 1024, 1);
    const files = [{ path: 'large', bytes: large, mode: 0o600, modifiedAtMs: 0 }];
    const before = process.cpuUsage();
    const damages = damagesOf(files, { kinds: DAMAGE_KINDS, seed: '1', limit: 2000 });
    assert.equal([...damages].length, 2000);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 1_500_000, `${user + system} µs`);
  });
});
