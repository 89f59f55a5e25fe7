import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  assertRelated,
  canonicalPath,
  descendantBounds,
  implicitPath,
  isNormalPath,
  isWithin,
  normalizePath,
} from './path.ts';

const context = { cwd: '/srv/here', home: '/home/me' };

/** Paths made of the parts that matter, in every bad order. */
const anyPath = fc
  .array(fc.constantFrom('', '.', '..', '...', '~', 'a', 'a b', 'ü', '.x', '..x', 'x..'), {
    maxLength: 8,
  })
  .map((parts) => parts.join('/'));

const normalPath = fc
  .array(fc.constantFrom('a', 'ab', 'a b', '...', 'ü', '0', '-'), { maxLength: 4 })
  .map((parts) => `/${parts.join('/')}`);

describe('a path that a user gives', () => {
  const cases: [string, string][] = [
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b'],
    ['//a///b', '/a/b'],
    ['/a/./b/.', '/a/b'],
    ['/a/b/../c', '/a/c'],
    ['/a/..', '/'],
    ['.', '/srv/here'],
    ['b', '/srv/here/b'],
    ['../x', '/srv/x'],
    ['~', '/home/me'],
    ['~/', '/home/me'],
    ['~/x/../y', '/home/me/y'],
    ['./~', '/srv/here/~'],
    ['/a/...', '/a/...'],
    ['/a/..b/.c', '/a/..b/.c'],
    ['/a\nb/', '/a\nb'],
  ];
  for (const [text, expected] of cases) {
    test(`${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () => {
      assert.equal(normalizePath(text, context), expected);
    });
  }

  for (const text of ['', '/..', '/../x', '../../..', '~other', '~other/x', '/a\0b', '/\ud800']) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(() => normalizePath(text, context), {
        code: 'PATH_INVALID',
        message: /^invalid path: /,
      });
    });
  }

  test('comes out normal, and normalising again changes nothing', () => {
    fc.assert(
      fc.property(anyPath, (text) => {
        let path: string;
        try {
          path = normalizePath(text, context);
        } catch {
          return;
        }
        assert.ok(isNormalPath(path), path);
        assert.equal(normalizePath(path, context), path);
      }),
      { numRuns: 1000 },
    );
  });

  test('is normal exactly when every part of it is a name', () => {
    fc.assert(
      fc.property(fc.oneof(anyPath, normalPath), (text) => {
        const parts = text.split('/').slice(1);
        const isNormal =
          text === '/' ||
          (text.startsWith('/') && parts.every((part) => !['', '.', '..'].includes(part)));
        assert.equal(isNormalPath(text), isNormal, text);
      }),
      { numRuns: 1000 },
    );
  });

  test('is not followed through symbolic links', () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-')));
    symlinkSync('/', join(dir, 'link'));
    assert.equal(normalizePath(`${dir}/link`), `${dir}/link`);
  });
});

describe('the path that stands for the working directory', () => {
  test('is followed through symbolic links', () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-')));
    mkdirSync(join(dir, 'real'));
    symlinkSync('real', join(dir, 'link'));
    assert.equal(implicitPath(join(dir, 'link')), join(dir, 'real'));
  });

  test('is refused when the directory is gone', () => {
    assert.throws(() => implicitPath('/nowhere/at/all'), { code: 'PATH_INVALID' });
  });
});

describe('what lies within a directory', () => {
  test('goes by whole parts', () => {
    assert.ok(isWithin('/a', '/a'));
    assert.ok(isWithin('/a', '/a/b'));
    assert.ok(isWithin('/', '/a'));
    assert.ok(!isWithin('/a', '/ab'));
    assert.ok(!isWithin('/a/b', '/a'));
  });

  test('is the same range in the order of bytes', () => {
    fc.assert(
      fc.property(normalPath, normalPath, (directory, path) => {
        const [first, past] = descendantBounds(directory);
        const inRange = compare(path, first) >= 0 && compare(path, past) < 0;
        const isBelow = isWithin(directory, path) && (path !== directory || path === '/');
        assert.equal(inRange, isBelow, `${directory} ${path}`);
      }),
      { numRuns: 1000 },
    );
  });
});

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe('the path guard', () => {
  test('lets a directory, its ancestors and its descendants through', async () => {
    for (const target of ['/a/b', '/a', '/', '/a/b/c/d']) assertRelated(target, '/a/b');
  });

  test('refuses a neighbour and names both paths', async () => {
    assert.throws(() => assertRelated('/a/bc', '/a/b'), {
      code: 'PATH_UNRELATED',
      message: 'path relationship violation: /a/bc and /a/b are unrelated paths',
    });
  });

  test('sees through symbolic links, also below them', async () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-')));
    mkdirSync(join(dir, 'real/deep'), { recursive: true });
    symlinkSync('real', join(dir, 'link'));
    assertRelated(join(dir, 'link/new/one'), join(dir, 'real'));
    assertRelated(join(dir, 'real'), join(dir, 'link/deep'));
    assert.equal(canonicalPath(join(dir, 'link/deep/x/y')), join(dir, 'real/deep/x/y'));
  });
});
