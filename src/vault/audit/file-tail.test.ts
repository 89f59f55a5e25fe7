import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import * as fc from 'fast-check';
import type { AuditRecord } from './event.ts';
import { lastRecord } from './file-tail.ts';

function record(sequence: number, length = 4): AuditRecord {
  const slot = 's'.repeat(length);
  return { sequence, at: 1000 + sequence, event: { kind: 'VaultCreated', slot } };
}

function linesOf(records: readonly AuditRecord[]): Buffer {
  return Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

function fileOf(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-tail-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'audit.jsonl');
}

/** What is found in a file of these bytes, and what is left of them. */
async function repaired(file: string, bytes: Buffer) {
  writeFileSync(file, bytes);
  const handle = await open(file, 'a+');
  try {
    const last = await lastRecord(handle, file);
    return { last, left: readFileSync(file) };
  } finally {
    await handle.close();
  }
}

describe('the end of a file of audit records', () => {
  const records = [record(1, 0), record(2, 0), record(3, 0)];
  const lines = linesOf(records);

  test('is its last line, and nothing where there is none', async (t) => {
    const file = fileOf(t);
    assert.deepEqual(await repaired(file, lines), { last: records[2], left: lines });
    const empty = Buffer.alloc(0);
    assert.deepEqual(await repaired(file, empty), { last: undefined, left: empty });
  });

  test('cut anywhere is the last line that is whole', async (t) => {
    const file = fileOf(t);
    for (let cut = 2 * (lines.length / 3) - 1; cut >= 0; cut -= 1) {
      const { last, left } = await repaired(file, lines.subarray(0, cut));
      const whole = lines.subarray(0, cut).toString().split('\n').length - 1;
      assert.deepEqual(last, records[whole - 1]);
      assert.deepEqual(left, linesOf(records.slice(0, whole)));
    }
  });

  test('with anything behind it or in it is what comes before that', async (t) => {
    const file = fileOf(t);
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((part) => Buffer.from(part));
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(lines.length), async (garbage, at) => {
        const damaged = Buffer.concat([lines, garbage]);
        if (at < lines.length)
          garbage.copy(damaged, Math.max(at, linesOf(records.slice(0, 1)).length));
        const { last, left } = await repaired(file, damaged);
        assert.ok(last && last.sequence >= 1 && last.sequence <= 3);
        assert.deepEqual(left.at(-1), 0x0a);
        const found = left
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).sequence);
        assert.deepEqual(found, [1, 2, 3].slice(0, found.length));
      }),
      { numRuns: 60 },
    );
  });

  test('with a gap in it is what comes before the gap', async (t) => {
    const { last, left } = await repaired(fileOf(t), linesOf([record(7), record(8), record(10)]));
    assert.deepEqual([last, left], [record(8), linesOf([record(7), record(8)])]);
  });

  test('is found in a large file', async (t) => {
    const many = Array.from({ length: 40 }, (_, index) => record(index + 1, 100_000));
    const whole = linesOf(many);
    const { last, left } = await repaired(fileOf(t), whole.subarray(0, -7));
    assert.deepEqual(last, many[38]);
    assert.ok(left.equals(linesOf(many.slice(0, 39))));
  });

  for (const [name, text] of Object.entries({
    text: 'a letter to somebody\nand its end',
    'a text without an end': 'a letter',
    'JSON of something else': '{"level":30,"msg":"started"}\n',
    'much of something else': `${'x'.repeat(1000)}\n`.repeat(2000),
    'one long line': 'x'.repeat(2_000_000),
  })) {
    test(`that is ${name} is refused and stays`, async (t) => {
      const file = fileOf(t);
      await assert.rejects(repaired(file, Buffer.from(text)), { code: 'FORMAT_INVALID' });
      assert.equal(readFileSync(file, 'utf8'), text);
    });
  }
});
