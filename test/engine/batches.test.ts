import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine, Schema } from '../../src/engine/engine.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { all, atomically, one, run, runWith, type Steps, Warm } from '../../src/engine/steps.ts';
import { HoldfastError } from '../../src/errors.ts';

const schema: Schema = {
  version: 1,
  *found() {
    return (yield* one(`SELECT 1 FROM sqlite_master WHERE name = 'cells'`)) ? 1 : 0;
  },
  *migrate() {
    yield* run('CREATE TABLE cells (id INTEGER PRIMARY KEY, v INTEGER CHECK (v < 1000)) STRICT');
  },
};

const PUT = 'INSERT INTO cells VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET v = excluded.v';

/** What one step of a body does. `tell`: the statement says what it means for the warm value. */
type Action =
  | { readonly do: 'put'; readonly id: number; readonly v: number; readonly tell: boolean }
  | { readonly do: 'delete'; readonly id: number }
  | { readonly do: 'warm' }
  | { readonly do: 'fail' }
  | { readonly do: 'violate' }
  | { readonly do: 'atomic'; readonly body: readonly Action[]; readonly fails: boolean };

type Cells = Map<number, number>;

class Boom extends Error {}

const { body } = fc.letrec<{ action: Action; body: readonly Action[] }>((tie) => ({
  action: fc.oneof(
    { maxDepth: 2, depthSize: 'small', withCrossShrink: true },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        id: fc.nat(4),
        v: fc.nat(99),
        tell: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), id: fc.nat(4) }) },
    { weight: 3, arbitrary: fc.constant({ do: 'warm' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'fail' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'violate' as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('atomic' as const),
        body: tie('body'),
        fails: fc.boolean(),
      }),
    },
  ),
  body: fc.array(tie('action'), { minLength: 1, maxLength: 4 }),
}));

interface Handle {
  readonly engine: Engine;
  readonly warm: Warm<Cells>;
}

async function open(file: string): Promise<Handle> {
  const engine = await openSqlite({ file, schema, durability: 'process' });
  const warm = new Warm(function* () {
    const rows = yield* all<{ id: number; v: number }>('SELECT id, v FROM cells');
    return new Map(rows.map(({ id, v }) => [id, v]));
  });
  return { engine, warm };
}

function sorted(cells: Cells): readonly (readonly [number, number])[] {
  return [...cells].sort(([a], [b]) => a - b);
}

type Seen = ReturnType<typeof sorted>[];

/** The real thing: answers what the warm value was each time it was looked at. */
function* execute(warm: Warm<Cells>, actions: readonly Action[], seen: Seen = []): Steps<Seen> {
  for (const action of actions) {
    if (action.do === 'warm') seen.push(sorted(yield* warm.get()));
    else if (action.do === 'fail') throw new Boom();
    else if (action.do === 'violate') yield* run(PUT, 0, 5000);
    else if (action.do === 'atomic') {
      try {
        yield* atomically(function* () {
          yield* execute(warm, action.body, seen);
          if (action.fails) throw new Boom();
        });
      } catch (error) {
        if (!(error instanceof Boom)) throw error;
      }
    } else if (action.do === 'put' && !action.tell) yield* run(PUT, action.id, action.v);
    else yield* tellAndWrite(warm, action);
  }
  return seen;
}

function* tellAndWrite(
  warm: Warm<Cells>,
  action: Action & { readonly do: 'put' | 'delete' },
): Steps<void> {
  const { id } = action;
  const before = (yield* one<{ v: number }>('SELECT v FROM cells WHERE id = ?', id))?.v;
  const effect = warm.effect(
    (cells) => void (action.do === 'put' ? cells.set(id, action.v) : cells.delete(id)),
    (cells) => void (before === undefined ? cells.delete(id) : cells.set(id, before)),
  );
  if (action.do === 'put') yield* runWith([effect], PUT, id, action.v);
  else yield* runWith([effect], 'DELETE FROM cells WHERE id = ?', id);
}

/** The same on a plain map. */
function imagine(cells: Cells, actions: readonly Action[], seen: Seen = []): Seen {
  for (const action of actions) {
    if (action.do === 'warm') seen.push(sorted(cells));
    else if (action.do === 'put') cells.set(action.id, action.v);
    else if (action.do === 'delete') cells.delete(action.id);
    else if (action.do === 'fail') throw new Boom();
    else if (action.do === 'violate') throw new HoldfastError('CONSTRAINT', '');
    else {
      const before = new Map(cells);
      try {
        imagine(cells, action.body, seen);
        if (action.fails) throw new Boom();
      } catch (error) {
        restore(cells, before);
        if (!(error instanceof Boom)) throw error;
      }
    }
  }
  return seen;
}

function restore(cells: Cells, before: Cells): void {
  cells.clear();
  for (const [id, v] of before) cells.set(id, v);
}

/** What each body of a batch comes to, one after the other. */
function imagineBatch(cells: Cells, bodies: readonly (readonly Action[])[]) {
  return bodies.map((actions) => {
    const before = new Map(cells);
    try {
      return imagine(cells, actions);
    } catch {
      restore(cells, before);
      return 'failed';
    }
  });
}

test('batches of bodies that fail here and there come to what they would one by one', async () => {
  const batch = fc.record({
    handle: fc.nat(1),
    warms: fc.boolean(),
    bodies: fc.array(body, { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
      const directory = mkdtempSync(join(tmpdir(), 'holdfast-batches-'));
      const file = join(directory, 'cells.db');
      const handles = [await open(file), await open(file)];
      const cells: Cells = new Map();
      try {
        for (const { handle, warms, bodies } of batches) {
          const { engine, warm } = handles[handle] as Handle;
          if (warms) await engine.read(() => warm.get());
          const results = await Promise.allSettled(
            bodies.map((actions) => engine.write(() => execute(warm, actions))),
          );
          const outcomes = results.map((one) =>
            one.status === 'fulfilled' ? one.value : 'failed',
          );
          assert.deepEqual(outcomes, imagineBatch(cells, bodies));
          for (const other of handles) {
            const peeked = other.engine.peek(other.warm);
            if (peeked) assert.deepEqual(sorted(peeked), sorted(cells), 'what is peeked at');
            const read = await other.engine.read(() => other.warm.build());
            assert.deepEqual(sorted(read), sorted(cells), 'what is stored');
          }
        }
      } finally {
        for (const { engine } of handles) await engine.close();
        rmSync(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: Number(process.env.BATCH_RUNS ?? 300) },
  );
});
