import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import { pageFiles } from './page-files.ts';

const files = await pageFiles();

/** Every module that the page loads, from its first one on. */
function loaded(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found;
  found.add(path);
  const text = files.get(path)?.text;
  assert.ok(text !== undefined, `${path} is not served`);
  for (const [, specifier = ''] of text.matchAll(
    /^(?:import|export)\s(?:[^'"();=]*\sfrom\s+)?['"]([^'"]+)['"]/gm,
  )) {
    assert.match(specifier, /^\.\.?\//, `${path} imports ${specifier}, which no browser has`);
    loaded(posix.join(posix.dirname(path), specifier), found);
  }
  return found;
}

describe('the files of the page', () => {
  test('have all that its modules import, in a form that browsers take', () => {
    const modules = loaded('modules/web/page/main.js');
    assert.ok(modules.has('modules/tasks/model/fold.ts'), 'the fold is that of the store');
    assert.ok(modules.size > 40);
  });

  test('have all that the document names', () => {
    const { text = '' } = files.get('index.html') ?? {};
    const names = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name = '']) => name);
    assert.ok(names.length >= 7);
    for (const name of names) assert.ok(files.has(name), name);
  });

  test('have no script, style or handler in the document', () => {
    const { text = '' } = files.get('index.html') ?? {};
    assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i);
  });

  test('are no tests, fixtures or insides of the store', () => {
    for (const path of files.keys()) assert.doesNotMatch(path, /test|fixture|store|\.d\.|\.\./);
  });
});
