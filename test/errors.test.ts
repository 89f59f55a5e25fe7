import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

test('docs/errors.md has a heading for every error code, and for nothing else', () => {
  const source = readFileSync(join(root, 'src/errors.ts'), 'utf8');
  const codes = [...source.matchAll(/\| '([A-Z_]+)'/g)].map(([, code]) => code);
  const docs = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const headings = [...docs.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  assert.ok(codes.length > 20);
  assert.deepEqual(headings.toSorted(), codes.toSorted());
});
