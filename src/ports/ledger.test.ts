import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine } from '../engine/engine.ts';
import { openSqlite } from '../engine/sqlite.ts';
import { all, atomically, type Steps } from '../engine/steps.ts';
import { clearBody } from './clear.ts';
import { type LeaseRow, warmLeases } from './leases.ts';
import { Ledger } from './ledger.ts';
import { migrateBody } from './migrate.ts';
import { warmPool } from './pool.ts';
import { releaseBody } from './release.ts';
import type { Lease, Reservation } from './reservation.ts';
import { portsSchema } from './schema.ts';

const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/b'];
const path = fc.constantFrom(...PATHS);
const tag = fc.constantFrom(undefined, 'x', 'y');
const port = fc.integer({ min: 5000, max: 5008 });
const lease: fc.Arbitrary<Lease | undefined> = fc.option(
  fc.record({
    pid: fc.constantFrom(1, 2),
    startedAt: fc.constant('7'),
    bootId: fc.constant('b'),
    pidNamespace: fc.constant(''),
    expiresAt: fc.constantFrom(undefined, 10),
  }),
  { nil: undefined },
);

const row: fc.Arbitrary<Reservation> = fc.record({
  path,
  tag,
  port,
  project: fc.constantFrom(undefined, 'p'),
  task: fc.constant(undefined),
  createdAt: fc.constant(1000),
  lastUsedAt: fc.constantFrom(1000, 2000),
  lease,
});

function* insertFresh(ledger: Ledger, wanted: Reservation): Steps<void> {
  if (yield* ledger.find(wanted.path, wanted.tag ?? '')) return;
  if (yield* ledger.findPort(wanted.port)) return;
  yield* ledger.insert(wanted);
}

function* updateFound(ledger: Ledger, wanted: Reservation): Steps<void> {
  const found = yield* ledger.find(wanted.path, wanted.tag ?? '');
  const holder = yield* ledger.findPort(wanted.port);
  if (found && (!holder || holder.port === found.port)) yield* ledger.update(found, wanted);
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), row }),
  fc.record({ kind: fc.constant('insert' as const), row }),
  fc.record({ kind: fc.constant('update' as const), row }),
  fc.record({ kind: fc.constant('release' as const), path, tag, recursive: fc.boolean() }),
  fc.record({
    kind: fc.constant('migrate' as const),
    from: path,
    to: path,
    recursive: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('reap' as const, 'clear' as const) }),
);

type LedgerStep = typeof step extends fc.Arbitrary<infer T> ? T : never;

function* perform(ledger: Ledger, one: LedgerStep): Steps<unknown> {
  if (one.kind === 'insert') return yield* insertFresh(ledger, one.row);
  if (one.kind === 'update') return yield* updateFound(ledger, one.row);
  if (one.kind === 'release') return yield* releaseBody(ledger, { ...one, dryRun: false });
  if (one.kind === 'migrate') {
    return yield* migrateBody(ledger, { ...one, force: true, dryRun: false });
  }
  return yield* one.kind === 'reap' ? reapAll(ledger) : clearBody();
}

function* reapAll(ledger: Ledger): Steps<void> {
  const book: ReadonlyMap<string, LeaseRow> = yield* ledger.leases.get();
  yield* ledger.reap([...book.values()].filter((one) => one.pid === 1));
}

/** How a body ends: well, with an error of its own, or with one inside that it survives. */
const ending = fc.constantFrom('well', 'well', 'fails', 'undone');

class Deliberate extends Error {}

function* ended(one: LedgerStep, ledger: Ledger, how: string): Steps<unknown> {
  if (how === 'well') return yield* perform(ledger, one);
  if (how === 'fails') {
    yield* perform(ledger, one);
    throw new Deliberate();
  }
  try {
    return yield* atomically(function* () {
      yield* perform(ledger, one);
      throw new Deliberate();
    });
  } catch (error) {
    if (error instanceof Deliberate) return undefined;
    throw error;
  }
}

async function write(engine: Engine, steps: () => Steps<unknown>): Promise<void> {
  await engine.write(steps).catch((error) => {
    const isExpected = error instanceof Deliberate || error?.code === 'NOT_FOUND';
    if (!isExpected) throw error;
  });
}

test('what is kept warm is what the rows say, after any transactions in any batches', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const options = {
    file: join(dir, 'ports.db'),
    schema: portsSchema,
    durability: 'process',
  } as const;
  await using engine = await openSqlite(options);
  await using other = await openSqlite(options);
  const ledger = new Ledger();
  const stranger = new Ledger();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.tuple(step, ending, fc.boolean()), { maxLength: 6 }), { maxLength: 8 }),
      async (batches) => {
        await engine.write(() => clearBody());
        for (const batch of batches) {
          await Promise.all(
            batch.map(([one, how, isOurs]) =>
              isOurs
                ? write(engine, () => ended(one, ledger, how))
                : write(other, () => ended(one, stranger, how)),
            ),
          );
          await engine.read(function* () {
            assert.deepEqual(yield* ledger.pool.get(), yield* warmPool().build());
            assert.deepEqual(yield* ledger.leases.get(), yield* warmLeases().build());
            const orphans = yield* all(
              `SELECT l.path FROM leases l LEFT JOIN reservations r
               ON r.path = l.path AND r.tag = l.tag WHERE r.port IS NULL OR r.port <> l.port`,
            );
            assert.deepEqual(orphans, []);
          });
        }
      },
    ),
    { numRuns: 150 },
  );
});
