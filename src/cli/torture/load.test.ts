import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadDeclaration } from './load.ts';

describe('a module that cannot be had', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-load-'));
  after(() => rmSync(cwd, { recursive: true }));

  function write(file: string, text: string): string {
    writeFileSync(join(cwd, file), text);
    return file;
  }

  test('that throws is told as its own fault, and where', async () => {
    const file = write('throws.mjs', 'throw new Error("not today");');
    await assert.rejects(loadDeclaration({ cwd, file }, undefined), {
      name: 'Error',
      status: 6,
      message: /throws\.mjs cannot be imported: Error: not today\n.*throws\.mjs/,
    });
  });

  test('that does not parse, or imports what is not there, is told as well', async () => {
    for (const text of ['export default {', 'import "./nowhere.mjs";']) {
      const file = write(`odd-${text.length}.mjs`, text);
      await assert.rejects(loadDeclaration({ cwd, file }, undefined), /cannot be imported: /);
    }
  });

  test('that is not there is a wrong argument, with a hint', async () => {
    const place = { cwd, file: 'none.mjs', hint: '; look again' };
    await assert.rejects(loadDeclaration(place, undefined), {
      name: 'Error',
      message: /^there is no module .*none\.mjs; look again$/,
    });
  });

  test('that exports no declaration is told what it exports', async () => {
    const file = write('empty.mjs', 'export const one = 1;');
    await assert.rejects(loadDeclaration({ cwd, file }, undefined), {
      code: 'DECLARATION_INVALID',
      message: /it exports none$/,
    });
  });
});
