import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../../declare/operation.ts';
import { type Labelled, layOutLanes, type PlacedOperation } from './lane-layout.ts';

interface Drawn {
  readonly process: number;
  readonly from: number;
  readonly length: number | undefined;
  readonly label: string;
}

function labelled(drawn: readonly Drawn[], order: readonly number[]): Labelled[] {
  return drawn.map(({ process, from, length, label }, index) => {
    const returnedAt = length === undefined ? undefined : from + length;
    const operation: Operation = {
      ...{ process, phase: 'run', round: 0, f: label, input: null, output: null },
      ...{ outcome: returnedAt === undefined ? 'info' : 'ok', invokedAt: from, returnedAt },
    };
    const place = order.indexOf(index);
    return { operation, asked: label, answered: 'ok', standing: place < 0 ? 'none' : place + 1 };
  });
}

/** An order that real time allows: by the moments, drawn within each, at which they take effect. */
function possibleOrder(drawn: readonly Drawn[], parts: readonly number[]): number[] {
  const moment = (index: number) => {
    const { from = 0, length = 50 } = drawn[index] ?? {};
    return from + (length ?? 50) * (parts[index] ?? 0);
  };
  return [...drawn.keys()].sort((a, b) => moment(a) - moment(b));
}

const anyOperation = fc.record({
  process: fc.integer({ min: 0, max: 3 }),
  from: fc.integer({ min: 0, max: 40 }),
  length: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 8 }),
  label: fc.string({ maxLength: 30 }),
});

function rowOf({ operation, row }: PlacedOperation): string {
  return `${operation.process}/${row}`;
}

describe('a layout of operations in lanes', () => {
  test('has room for each label, and no two bars of a row overlap', () => {
    fc.assert(
      fc.property(fc.array(anyOperation, { minLength: 1, maxLength: 12 }), (drawn) => {
        const { placed, width, lanes } = layOutLanes(labelled(drawn, []));
        assert.equal(placed.length, drawn.length);
        for (const { from, to, asked } of placed) {
          assert.ok(from >= 0 && to <= width && to - from >= asked.length * 7);
        }
        for (const row of Map.groupBy(placed, rowOf).values()) {
          const sorted = row.toSorted((a, b) => a.from - b.from);
          assert.ok(sorted.every(({ from }, at) => (sorted[at - 1]?.to ?? 0) <= from));
        }
        const rows = new Set(placed.map(rowOf)).size;
        assert.equal(
          rows,
          lanes.reduce((sum, lane) => sum + lane.rows, 0),
        );
      }),
    );
  });

  test('shows what came before what', () => {
    fc.assert(
      fc.property(fc.array(anyOperation, { minLength: 2, maxLength: 12 }), (drawn) => {
        const { placed } = layOutLanes(labelled(drawn, []));
        for (const a of placed) {
          for (const b of placed) {
            const end = a.operation.returnedAt ?? Number.POSITIVE_INFINITY;
            if (end < b.operation.invokedAt) assert.ok(a.to < b.from);
            else assert.ok(a.to > b.from || end === b.operation.invokedAt);
          }
        }
      }),
    );
  });

  test('has the points of a possible order in turn, each within its bar', () => {
    const moments = fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), {
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        fc.array(anyOperation, { minLength: 1, maxLength: 12 }),
        moments,
        (drawn, parts) => {
          const { placed } = layOutLanes(labelled(drawn, possibleOrder(drawn, parts)));
          const inOrder = placed.toSorted((a, b) => Number(a.standing) - Number(b.standing));
          let before = 0;
          for (const { point = Number.NaN, from, to } of inOrder) {
            assert.ok(point > before && from < point && point < to, `${point} in ${from}–${to}`);
            before = point;
          }
        },
      ),
    );
  });

  test('of an order that cannot be is drawn all the same', () => {
    const one = (from: number): Drawn => ({ process: 0, from, length: 5, label: 'read' });
    const { placed } = layOutLanes(labelled([one(0), one(10)], [1, 0]));
    assert.equal(placed.filter(({ point }) => point !== undefined).length, 2);
  });
});
