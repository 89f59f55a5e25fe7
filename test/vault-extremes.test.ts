import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../src/errors.ts';
import { Vault } from '../src/vault.ts';

const LAST = Number.MAX_SAFE_INTEGER;
const PASSWORD = Buffer.from('a password');
/** As little as there is: what is tested here is not Argon2. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };

const number = fc.constantFrom(
  ...[undefined, 0, 1, 1e12, 1.7e12, 8.64e15, 8.64e15 + 1, LAST - 1, LAST, LAST + 1],
  ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300],
);
const label = fc.constantFrom(
  ...[undefined, '', 'a', '\0', 'x'.repeat(200), '😀'.repeat(100), 'é'.repeat(200), '__proto__'],
  ...['x'.repeat(201), '\ud800'],
);
const tags = fc.constantFrom<Record<string, string> | undefined>(
  ...[undefined, {}, { '': '' }, { 10: 'a', 9: 'b', z: '\0', Z: 'é' }, { k: 'é'.repeat(1000) }],
  ...[JSON.parse('{"__proto__":"x","constructor":"y"}'), { k: '\ud800' }],
);

const step = fc.record({
  what: fc.nat({ max: 13 }),
  key: fc.nat({ max: 5 }),
  name: fc.constantFrom('a', 'b'),
  later: fc.constantFrom(0, 1, 1000, 1e9, -1e9),
  isStaged: fc.boolean(),
  ...{ label, tags, one: number, other: number },
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a step asks of a vault; `ids` are those of the keys that were made. */
function ask(vault: Vault, ids: string[], step: Step): Promise<unknown> {
  const { what, name, one, other } = step;
  const id = ids[step.key % Math.max(1, ids.length)] ?? 'ab'.repeat(16);
  const limits = { encryptUntil: one, decryptUntil: other };
  const kept = async (made: Promise<{ readonly id: string }>) => ids.push((await made).id);
  const asks = [
    () => kept(vault.create({ ...limits, label: step.label })),
    () => kept(vault.create({ label: step.label })),
    () => kept(vault.rotate(id, { ...limits, stage: step.isStaged })),
    () => kept(vault.rotate(id)),
    () => vault.update(id, { ...limits, label: step.label }),
    () => vault.promote(id),
    () => vault.deprecate(id),
    () => vault.revoke(id),
    () => vault.delete(id),
    () => vault.cleanup(id, { keep: one ?? 1, olderThanMs: other }),
    () => vault.rotateIfOlderThan(id, one ?? 0, { decryptUntil: other }),
    () => vault.secrets.set(name, Buffer.alloc(step.key), { tags: step.tags }),
    () => vault.secrets.delete(name, { graceMs: one }),
    () => (step.isStaged ? vault.secrets.undelete(name) : vault.secrets.purge()),
  ];
  return asks[what]?.() ?? Promise.resolve();
}

async function everything(vault: Vault): Promise<unknown> {
  const { items } = await vault.list({ limit: 10_000 });
  const keys = items.map(({ revision: _, ...info }) => info);
  return { keys, secrets: (await vault.secrets.list({ includeDeleted: true })).items };
}

test('whatever is asked of a vault, it opens again, and a backup brings all of it back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 30, size: 'max' }),
      async (steps) => {
        const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-extremes-')));
        const options = {
          dir,
          unlock: { keyFile: join(dir, 'key') },
          durability: 'process',
        } as const;
        let clock = 1.7e12;
        const now = () => clock;
        try {
          const vault = await Vault.open({ ...options, now });
          const ids: string[] = [];
          for (const one of steps) {
            clock += one.later;
            await ask(vault, ids, one).catch((error) => {
              const isRefusal = error instanceof HoldfastError || error.code === 'ARGUMENT_INVALID';
              assert.ok(isRefusal, `${error.stack}`);
              const codes = ['CORRUPT', 'TAMPERED', 'CONSTRAINT', 'SQL_ERROR'];
              assert.ok(!codes.includes(error.code), `${error.stack}`);
            });
          }
          const before = await everything(vault);
          const file = await vault.backup(PASSWORD, { argon2 });
          await vault.close();
          await using again = await Vault.open({ ...options, now });
          assert.deepEqual(await everything(again), before);
          await again.audit.verify();
          await using other = await Vault.open({ ephemeral: true, name: 'extremes', now });
          await other.restore(file, PASSWORD);
          assert.deepEqual(await everything(other), before);
        } finally {
          rmSync(dir, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 30 },
  );
});
