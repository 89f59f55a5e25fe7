import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine } from '../src/engine/engine.ts';
import { openSqlite } from '../src/engine/sqlite.ts';
import { HoldfastError } from '../src/errors.ts';
import { type OpenStore, reserve } from '../src/ports/claims.ts';
import { cleanBody, idleSince } from '../src/ports/cleanup.ts';
import { reserveGroup } from '../src/ports/group.ts';
import { Ledger } from '../src/ports/ledger.ts';
import { migrateBody } from '../src/ports/migrate.ts';
import { defaultPolicy, resolvePolicy } from '../src/ports/policy.ts';
import { releaseBody } from '../src/ports/release.ts';
import { portsSchema } from '../src/ports/schema.ts';
import { Scout } from '../src/ports/scout.ts';
import { numberedServices } from '../src/ports/services.ts';
import { freshDirectory, storedRows, unprobed } from './ports-store.ts';
import { AsyncEngine } from './support/async-engine.ts';

const NOW = Date.UTC(2026, 0, 1);
const policy = resolvePolicy(defaultPolicy, { ...unprobed, min: 5000, max: 5009 });

function storeOn(engine: Engine): OpenStore {
  const ledger = new Ledger();
  const clock = () => NOW;
  return { ledger, scout: new Scout(engine, ledger, clock), policy: () => policy, clock };
}

const call = fc.record({
  kind: fc.constantFrom('reserve', 'reserve', 'reserve', 'group', 'release', 'migrate', 'clean'),
  path: fc.constantFrom('/a', '/a/b', '/c'),
  to: fc.constantFrom('/c', '/d'),
  tag: fc.constantFrom(undefined, 'x', 'y'),
  count: fc.integer({ min: 1, max: 6 }),
  force: fc.boolean(),
  recursive: fc.boolean(),
});
type Call = typeof call extends fc.Arbitrary<infer C> ? C : never;

async function apply(engine: Engine, store: OpenStore, wanted: Call): Promise<unknown> {
  const { ledger } = store;
  const { kind, path, to, tag, count, force, recursive } = wanted;
  const dryRun = false;
  switch (kind) {
    case 'reserve':
      return reserve(store, path, { tag, force });
    case 'group':
      return reserveGroup(store, path, numberedServices(count), { force });
    case 'release':
      return engine.write(() => releaseBody(ledger, { path, tag, recursive, dryRun }));
    case 'migrate': {
      const request = { from: path, to, recursive, force, dryRun };
      return engine.write(() => migrateBody(ledger, request));
    }
    default: {
      const expireBefore = idleSince(NOW, { expireAfterDays: 1 });
      return engine.write(() => cleanBody(ledger, { inspection: undefined, expireBefore }, []));
    }
  }
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return JSON.stringify(await work);
  } catch (error) {
    if (error instanceof HoldfastError) return error.code;
    throw error;
  }
}

test('every body gives the same answers and rows with each of its steps awaited', async (t) => {
  const root = freshDirectory(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
      run += 1;
      const [one, other] = ['sync', 'async'].map((name) => join(root, `${name}${run}`));
      assert.ok(one && other);
      mkdirSync(other, { recursive: true });
      await using sync = await openSqlite({
        file: join(one, 'ports.db'),
        schema: portsSchema,
        durability: 'process',
      });
      await using awaited = await AsyncEngine.open(join(other, 'ports.db'), portsSchema);
      const [first, second] = [storeOn(sync), storeOn(awaited)];
      for (const each of calls) {
        const expected = await outcome(apply(sync, first, each));
        assert.equal(await outcome(apply(awaited, second, each)), expected);
      }
      assert.deepEqual(storedRows(other), storedRows(one));
    }),
    { numRuns: 40 },
  );
});

test('concurrent calls under an engine that awaits each step share no port', async (t) => {
  const dir = freshDirectory(t);
  await using engine = await AsyncEngine.open(join(dir, 'ports.db'), portsSchema);
  const store = storeOn(engine);
  const paths = Array.from({ length: 10 }, (_, index) => `/p${index}`);
  const reserved = await Promise.all(paths.map((path) => reserve(store, path, {})));
  const ports = reserved.map(({ port }) => port).toSorted((a, b) => a - b);
  assert.deepEqual(ports, [5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009]);
});
