import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Drawn, drawRound } from '../src/torture/declare/draw.ts';
import type { Phase } from '../src/torture/declare/plan.ts';
import { type AnyDeclared, type HistoryEvent, kill, type RunReport } from '../src/torture.ts';
import { crowdedLedger, soundLedger } from './torture/ledgers.ts';
import { complaints, faultOf, LIMIT, runUntil, temp } from './torture/real-runs.ts';
import { soundRegister } from './torture/registers.ts';

const mode = 'crash';

describe('the history of a run whose clients are killed', () => {
  // Clients of one worker that never wait begin one after the other: some are killed twice before.
  for (const [declared, everyMs] of [
    [soundLedger, 400],
    [crowdedLedger, 150],
  ] as const) {
    test(`has every operation of a ${declared.name} once`, LIMIT, async (t) => {
      const history = join(temp, `${declared.name}.ndjson`);
      const seed = 'count';
      const options = { mode, faults: [kill({ everyMs })], seed, history } as const;
      // Of one that was repeated it is not the whole.
      const run = await runUntil(t, declared, options, (one) => {
        assert.notEqual(one.verdict, 'violation', complaints(one));
        return one.repeats === 1 && faultOf(one, 'kill').hit > 0;
      });
      assertComplete(declared, run, eventsIn(history), seed);
    });
  }

  test('is what the figures of the report say', LIMIT, async (t) => {
    const history = join(temp, 'figures.ndjson');
    const faults = [kill({ everyMs: 5000 })];
    const options = { mode, clients: 3, operations: 60, history, faults } as const;
    const run = await runUntil(t, soundRegister, options, ({ repeats }) => repeats === 1);
    const events = eventsIn(history);
    assertTimeline(run, events);
    assertThroughput(run, events);
    const recorded = Object.values(run.histograms).map(({ counts }) => sum(counts));
    assert.equal(sum(recorded), events.filter(({ type }) => type !== 'invoke').length);
    assert.deepEqual(run.pairs, pairsIn(events));
  });
});

function eventsIn(file: string): HistoryEvent[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): HistoryEvent => JSON.parse(line));
}

/** Every operation that was drawn is there, in order, under the numbers of those that did it. */
function assertComplete(
  declared: AnyDeclared,
  { clients, outcomes }: RunReport,
  events: readonly HistoryEvent[],
  seed: string,
): void {
  const [phase]: readonly Phase[] = declared.plan?.({ mode, full: false }).phases ?? [];
  assert.ok(phase);
  let open = 0;
  for (let client = 0; client < clients; client += 1) {
    const own = events.filter(({ process }) => process % clients === client);
    const invokes = own.filter(({ type }) => type === 'invoke');
    const rounds = Array.from({ length: phase.rounds ?? 1 }, (_, round) => round);
    const drawn: readonly Drawn[] = rounds.flatMap((round) =>
      drawRound(declared, { seed, repeat: 0, phase, round, client }),
    );
    assert.deepEqual(
      invokes.map(({ f, value }) => ({ f, input: value })),
      drawn,
    );
    const generations = Map.groupBy(own, ({ process }) => (process - client) / clients);
    const numbers = [...generations.keys()];
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    for (const [generation, each] of generations) {
      const unreturned = each.filter(({ type }) => type === 'invoke').length * 2 - each.length;
      assert.ok(unreturned === 0 || (unreturned === 1 && each.at(-1)?.type === 'invoke'));
      const isLast = generation === numbers.at(-1);
      assert.ok(!isLast || unreturned === 0 || invokes.length === drawn.length);
      open += unreturned;
    }
  }
  assert.equal(open, outcomes.info, 'what was killed has an unknown outcome, and nothing else');
}

function assertTimeline(run: RunReport, events: readonly HistoryEvent[]): void {
  const { timeline, outcomes } = run;
  assert.equal(timeline.total, run.operations);
  const place = (f: string | undefined, process: number, us: number) =>
    `${f} of ${process} at ${us}`;
  assert.deepEqual(
    timeline.marks.map(([process, f, , begin]) => place(timeline.f[f], process, begin)),
    events
      .filter(({ type }) => type === 'invoke')
      .map(({ f, process, time }) => place(f, process, Math.round(time / 10) / 100)),
  );
  for (const [number, kind] of (['ok', 'fail', 'info'] as const).entries()) {
    const marked = timeline.marks.filter(([, , outcome]) => outcome === number);
    assert.equal(marked.length, outcomes[kind]);
    const returned = events.filter(({ type }) => type === kind);
    assert.equal(marked.filter(([, , , , end]) => end >= 0).length, returned.length);
  }
}

function assertThroughput(
  { throughput, clients: count }: RunReport,
  events: readonly HistoryEvent[],
): void {
  assert.equal(throughput.clients.length, count);
  for (const [client, bins] of throughput.clients.entries()) {
    const counts = bins.map(() => 0);
    for (const { process, type, time } of events) {
      const bin = Math.min(bins.length - 1, Math.floor(time / 1e6 / throughput.binMs));
      const isOwn = process % count === client;
      if (isOwn && type !== 'invoke') counts[bin] = (counts[bin] ?? 0) + 1;
    }
    assert.deepEqual(bins, counts, `client ${client}`);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** How many operations that returned met which, the simple way. */
function pairsIn(events: readonly HistoryEvent[]): Record<string, number> {
  const spans = events
    .filter(({ type }) => type === 'invoke')
    .flatMap(({ process, f, time }) => {
      const end = events.find((one) => one.process === process && one.time > time)?.time;
      return end === undefined ? [] : [{ process, f, begin: time, end }];
    });
  const pairs: Record<string, number> = {};
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      if (one.begin >= other.end || other.begin >= one.end) continue;
      const name = [one.f, other.f].sort().join('|');
      pairs[name] = (pairs[name] ?? 0) + 1;
    }
  }
  return pairs;
}
