import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { mistakes, runSelfTest } from '../src/torture.ts';

const directory = join(import.meta.dirname, '../src/torture/self-test');

/** Lines that are in one of two texts and not in the other, by their longest common subsequence. */
function changedLines(before: readonly string[], after: readonly string[]): number {
  const row = new Array<number>(after.length + 1).fill(0);
  for (const line of before) {
    let diagonal = 0;
    for (const [index, other] of after.entries()) {
      const above = row[index + 1] as number;
      row[index + 1] = line === other ? diagonal + 1 : Math.max(above, row[index] as number);
      diagonal = above;
    }
  }
  const common = row.at(-1) as number;
  return Math.max(before.length - common, after.length - common);
}

describe('self-test', () => {
  test('has at least the ten mistakes that every rig should find', () => {
    const expected = [
      ...['lost-update', 'stale-read', 'dirty-read', 'torn-write', 'missing-fsync'],
      ...['lock-leaked', 'descriptor-leaked', 'deadlock', 'starvation', 'duplicate-allocation'],
    ];
    assert.deepEqual(
      expected.filter((name) => !mistakes.includes(name)),
      [],
    );
    const twins = readdirSync(directory).filter((file) => file.endsWith('.twin.ts'));
    assert.equal(twins.length, mistakes.length);
  });

  for (const name of mistakes) {
    test(`${name}: the twin differs from its original by ten lines at most`, () => {
      const [original, twin] = [`${name}.ts`, `${name}.twin.ts`].map((file) => {
        assert.ok(existsSync(join(directory, file)), file);
        return readFileSync(join(directory, file), 'utf8').split('\n');
      }) as [string[], string[]];
      const changed = changedLines(original, twin);
      assert.ok(changed >= 1 && changed <= 10, `${changed} lines`);
    });

    test(`${name}: the mistake is found, and nothing in the store without it`, async () => {
      const [result] = await runSelfTest({ seeds: 1, only: [name] });
      assert.deepEqual(result?.complaints, []);
    });
  }
});
