import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RunReport, Timeline } from '../report.ts';
import { timelineData } from './timeline-data.ts';
import { drawTimeline } from './timeline-drawing.ts';

type Drawable = Pick<RunReport, 'timeline' | 'faults' | 'violations'>;

function runOf(marks: Timeline['marks'], faults: RunReport['faults'] = []): Drawable {
  return { timeline: { f: ['read', 'write'], marks, total: marks.length }, faults, violations: [] };
}

function data(run: Drawable, sizeMax = 1000) {
  const found = timelineData(run, sizeMax);
  assert.ok(found);
  return found;
}

/** Operations of a few clients, each after that before it, with long pauses now and then. */
const anyMarks = fc
  .array(
    fc.record({
      client: fc.integer({ min: 0, max: 3 }),
      kind: fc.integer({ min: 0, max: 1 }),
      pause: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1_000_000 })),
      length: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 500 }) }, fc.constant(-1)),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drawn) => {
    const clocks = new Map<number, number>();
    const marks = drawn.map(({ client, kind, pause, length }): Timeline['marks'][number] => {
      const begin = (clocks.get(client) ?? 0) + pause;
      clocks.set(client, begin + Math.max(0, length));
      return [client, kind, length < 0 ? 2 : 0, begin, length < 0 ? -1 : begin + length];
    });
    return marks.toSorted((a, b) => a[3] - b[3]);
  });

describe('what is drawn of a timeline', () => {
  test('has every operation in its lane, as long as it was, whatever pauses are cut out', () => {
    fc.assert(
      fc.property(anyMarks, (marks) => {
        const { picture, lanes, size } = data(runOf(marks));
        assert.equal(size, marks.length);
        picture.clients.forEach((client, index) => {
          const own = marks.filter((mark) => mark[0] === client);
          const lane = lanes[index];
          assert.equal(lane?.begins.length, own.length);
          own.forEach(([, kind, , begin, end], at) => {
            const [from = Number.NaN, to = Number.NaN] = [lane?.begins[at], lane?.ends[at]];
            assert.equal(lane?.kinds[at], kind);
            assert.ok(from >= 0 && to <= picture.span + 1e-6 && from <= to);
            if (end >= 0) assert.ok(Math.abs(to - from - (end - begin)) < 1e-6);
          });
        });
      }),
    );
  });

  test('keeps what came before what', () => {
    fc.assert(
      fc.property(anyMarks, (marks) => {
        const { picture, lanes } = data(runOf(marks));
        const begins = picture.clients.map((client, lane) => ({ client, at: 0, lane }));
        let before = -1;
        for (const [client] of marks) {
          const next = begins.find((one) => one.client === client);
          const from = lanes[next?.lane ?? -1]?.begins[next?.at ?? -1] ?? Number.NaN;
          if (next) next.at += 1;
          assert.ok(from >= before - 1e-6);
          before = from;
        }
      }),
    );
  });

  test('tells the real time of what stands after a cut', () => {
    const { picture, cutOut } = data(
      runOf([
        [0, 0, 0, 5_000_000, 5_000_100],
        [0, 0, 0, 9_000_000, 9_000_100],
      ]),
    );
    assert.ok(picture.span < 250, String(picture.span));
    assert.ok(Math.abs(cutOut - 3_999_896) < 1);
    const real = picture.breaks.reduce((sum, [, cut]) => sum + cut, picture.span);
    assert.ok(Math.abs(real - 9_000_100) < 1e-6);
  });

  test('lets what never returned end where its client goes on, else not at all', () => {
    const { lanes, picture } = data(
      runOf([
        [0, 0, 2, 0, -1],
        [1, 0, 2, 0, -1],
        [2, 0, 0, 0, 90],
        [0, 1, 0, 50, 70],
      ]),
    );
    assert.deepEqual(
      lanes.map(({ ends }) => ends),
      [[50, 70], [90], [90]],
    );
    assert.equal(picture.span, 90);
  });

  test('does not cut out a pause in which a fault struck', () => {
    const window = { repeat: 0, from: 400_000e3, to: 410_000e3, target: 'client 0' };
    const fault = { fault: 'pause', armed: 1, hit: 1, windows: [window], skipped: undefined };
    const { picture } = data(
      runOf(
        [
          [0, 0, 0, 0, 100],
          [0, 0, 0, 900_000, 900_100],
        ],
        [fault],
      ),
    );
    const [[from, to, name] = [0, 0, '']] = picture.bands;
    assert.equal(Math.round(to - from), 10_000);
    assert.equal(name, 'pause client 0');
    assert.equal(picture.breaks.length, 2);
  });

  test('has no more operations than there is room for', () => {
    const marks = Array.from({ length: 50 }, (_, at): Timeline['marks'][number] => [
      0,
      0,
      0,
      at,
      at + 1,
    ]);
    assert.equal(data(runOf(marks), 20).size, 20);
    assert.equal(timelineData(runOf([]), 20), undefined);
  });
});

describe('the drawing of a timeline', () => {
  test('is of densities where there are many, and of single operations where there are few', () => {
    const marks = Array.from({ length: 9000 }, (_, at): Timeline['marks'][number] => {
      return [at % 3, at % 2, 0, at * 10, at * 10 + 6];
    });
    const { picture, lanes } = data(runOf(marks), 9000);
    const view = (from: number, to: number, hidden: number[] = []) =>
      drawTimeline(picture, lanes, { from, to, widthPx: 1000, hidden });
    const all = view(0, picture.span);
    assert.equal(all.visible, 9000);
    assert.ok(all.shapes.length < 60_000, String(all.shapes.length));
    const few = view(30_000, 30_300);
    assert.ok(few.visible >= 30 && few.visible <= 32, String(few.visible));
    assert.equal(few.shapes.match(/M[-\d.]+ [\d.]+h/g)?.length, few.visible);
    assert.match(few.words, />30\.10 ms</);
    assert.ok(view(30_000, 30_300, [0, 1]).shapes.length < few.shapes.length);
  });
});
