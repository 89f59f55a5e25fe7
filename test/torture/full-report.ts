import type { Operation } from '../../src/torture/declare/operation.ts';
import type { Counterexample, Violation } from '../../src/torture/judge/verdict.ts';
import { Histogram } from '../../src/torture/report/histogram.ts';
import type { Report, RunReport, Timeline } from '../../src/torture/report/report.ts';

/** Numbers below 1 that are the same every time. */
function stream(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Of the client's operation `f`, from and to in µs. */
export function operation(
  process: number,
  f: string,
  [from, to]: readonly [number, number | undefined],
  more: Partial<Operation> = {},
): Operation {
  const outcome = to === undefined ? 'info' : 'ok';
  const times = { invokedAt: from * 1000, returnedAt: to === undefined ? undefined : to * 1000 };
  const where = { process, phase: 'run', round: 0 };
  return { ...where, f, input: null, output: undefined, outcome, ...times, ...more };
}

/** Two additions that both answer 2, and one of unknown outcome. */
export function lostUpdate(): Counterexample {
  return {
    operations: [
      operation(0, 'add', [1, 4], { input: 1, output: 1 }),
      operation(0, 'add', [5, 11], { input: 1, output: 2 }),
      operation(1, 'add', [6, 10], { input: 1, output: 2 }),
      operation(2, 'add', [8, undefined], { input: 1 }),
    ],
    others: 17,
    order: [0, 1],
    sentence: 'add 1 → 2 of client 1 cannot be: 2 was answered already, to client 0',
    schedule: ['client 0 readFile counter', 'client 1 readFile counter', 'client 0 writeFile'],
    test: "import { test } from 'node:test';\n\ntest('two additions', () => undefined);\n",
    token: '7:a91c-0002',
  };
}

export function violation(more: Partial<Violation> = {}): Violation {
  const message = 'no order of the operations explains their results';
  const counterexample = lostUpdate();
  const { operations } = counterexample;
  return {
    invariant: 'linearizable',
    ...{ message, repeat: 0, operations, counterexample, alike: 3 },
    ...more,
  };
}

const OPS = ['add', 'read', 'reserve', 'release'];

/** As many operations as asked for, in bursts with pauses between them. */
export function timeline(size: number, clients = 8): Timeline {
  const random = stream();
  const clocks = Array.from({ length: clients }, () => random() * 50);
  const marks = Array.from({ length: size }, (_, index): Timeline['marks'][number] => {
    const client = index % clients;
    const isBurst = index >= clients && index % Math.ceil(size / 4) < clients;
    const begin = (clocks[client] ?? 0) + random() * 20 + (isBurst ? 40_000 : 0);
    const took = 5 + random() ** 6 * 900;
    const end = random() < 0.0005 ? -1 : Math.round(begin + took);
    clocks[client] = begin + took;
    const drawn = random();
    const outcome = end < 0 ? 2 : drawn < 0.02 ? 1 : 0;
    return [client, Math.floor(random() * OPS.length), outcome, Math.round(begin), end];
  });
  return { f: OPS, marks: marks.toSorted((a, b) => a[3] - b[3]), total: size + 12 };
}

function histogramsOf(slowness: number): RunReport['histograms'] {
  const random = stream(7);
  return Object.fromEntries(
    OPS.map((f, index) => {
      const histogram = new Histogram();
      for (let at = 0; at < 4000; at += 1) {
        histogram.record(20_000 * (index + 1) * (1 + slowness * 40 * random() ** 12) + at);
      }
      return [f, histogram.pack()];
    }),
  );
}

const QUICK = histogramsOf(1);
const SLOW = histogramsOf(30);

/** A run of which every part of a report has something to say. */
export function fullRun(more: Partial<RunReport> = {}): RunReport {
  const random = stream(3);
  const lasts = 160_000;
  const latencyMs = { mean: 0.09, p50: 0.061, p90: 0.31, p99: 0.9, p999: 2.2, max: 12.4 };
  return {
    ...{ name: 'P5', title: 'reserve at once', mode: 'processes', seed: 'a91c' },
    ...{ verdict: 'violation', reason: undefined, violations: [violation()] },
    notes: ['39 of 60 requests were refused'],
    target: 'p99 below 5 ms',
    ...{ workers: 4, clients: 8, repeats: 4, operations: 16_000 },
    outcomes: { ok: 15_700, fail: 288, info: 12 },
    ...{ overlap: 0.934, maxConcurrency: 8, skewMs: { median: 0.11, max: 1.9 } },
    ...{ latencyMs, histograms: QUICK },
    corrected: { latencyMs: { ...latencyMs, p99: 9.1, max: 31 }, histograms: SLOW },
    faults: [
      {
        ...{ fault: 'kill', armed: 6, hit: 5, skipped: undefined },
        windows: [0.2, 0.45, 0.8].map((part, repeat) => {
          const from = part * lasts * 1000;
          return { repeat, from, to: from + 9e6, target: `clients ${repeat}, ${repeat + 3}` };
        }),
      },
      {
        ...{ fault: 'power-loss', armed: 40, hit: 31, skipped: undefined },
        windows: [{ repeat: 1, from: 60e6, to: 60e6, target: 'journal.db at byte 17' }],
      },
      { fault: 'disk-full', armed: 0, hit: 0, windows: [], skipped: 'needs root to mount' },
    ],
    pairs: {
      'add|add': 4100,
      'add|read': 1203,
      'read|read': 80,
      'read|reserve': 3,
      'add|release': 9,
    },
    throughput: {
      binMs: 10,
      clients: Array.from({ length: 8 }, (_, client) =>
        Array.from({ length: 16 }, () => Math.round((client === 5 ? 40 : 90) + 30 * random())),
      ),
    },
    leaks: [
      {
        ...{ what: 'descriptors', perCycle: 1.98, low: 1.9, high: 2.05, isLeak: true },
        samples: Array.from({ length: 20 }, (_, cycle) => 21 + 2 * cycle + Math.round(random())),
        names: ['/tmp/store/ports.db-wal', 'socket:[81231]'],
      },
      {
        ...{ what: 'memory', perCycle: 300, low: -9000, high: 11_000, isLeak: false },
        samples: Array.from({ length: 20 }, () => 31e6 + 4e5 * random()),
        names: [],
      },
    ],
    timeline: timeline(2000),
    schedules: { tried: 20_412, isExhaustive: false, perSecond: 21_000, points: 38 },
    durationMs: 812.5,
    replay: 'holdfast torture P5 --mode processes --seed a91c',
    ...more,
  };
}

/** A run of which nothing is known but its figures. */
export function emptyRun(more: Partial<RunReport> = {}): RunReport {
  return fullRun({
    ...{ verdict: 'ok', violations: [], notes: [], target: undefined, corrected: undefined },
    ...{ faults: [], pairs: {}, leaks: [], schedules: undefined, histograms: {} },
    throughput: { binMs: 0, clients: [] },
    timeline: { f: [], marks: [], total: 0 },
    ...more,
  });
}

export function reportOf(runs: readonly RunReport[], more: Partial<Report> = {}): Report {
  const verdicts = runs.map(({ verdict }) => verdict);
  const rest = verdicts.includes('unknown') ? 'unknown' : 'ok';
  return {
    verdict: verdicts.includes('violation') ? 'violation' : rest,
    ...{ seed: 'a91c', startedAt: Date.UTC(2026, 10, 21, 7, 15), durationMs: 2412 },
    environment: {
      ...{ node: 'v24.21.0', sqlite: '3.51.0', platform: 'linux x64' },
      ...{ cpus: 2, cpu: 'Some Processor 9000', memoryBytes: 8 * 2 ** 30 },
    },
    runs,
    replay: 'holdfast torture P5 --seed a91c',
    ...more,
  };
}

/** Text of a store that would do harm where it is not shown as text. */
export const hostileTexts = [
  '</script><script>alert(1)</script>',
  '</style></title></textarea><img src=x onerror=alert(1)>',
  ']]>&lt;&#0;<!-- --><!DOCTYPE html>',
  `"'\` onload=alert(1) ${'\u0000\u001b[2J\r\n\t\u202e\ud800'}`,
];

/** A run in which every text that comes from a store is `said`. */
export function runSaying(said: string): RunReport {
  const example = lostUpdate();
  const operations = example.operations.map((one, at) => {
    const error = at === 3 ? said : undefined;
    return { ...one, f: said, input: said, output: { [said]: [said] }, error };
  });
  const counterexample = { ...example, operations, sentence: said, schedule: [said], test: said };
  return fullRun({
    ...{ name: said, title: said, target: said, replay: said, notes: [said], reason: said },
    violations: [
      violation({ invariant: said, message: said, operations, counterexample }),
      violation({ invariant: said, message: said, operations, counterexample: undefined }),
    ],
    histograms: { [said]: { counts: [0, 1], total: 1, max: 1, sum: 1 } },
    pairs: { [`${said}|${said}`]: 1 },
    timeline: { f: [said], marks: [[0, 0, 0, 1, 2]], total: 1 },
    faults: [
      { fault: said, armed: 1, hit: 1, skipped: said, windows: [] },
      {
        ...{ fault: said, armed: 1, hit: 1, skipped: undefined },
        windows: [{ repeat: 0, from: 0, to: 1, target: said }],
      },
    ],
    leaks: fullRun().leaks.map((leak) => ({ ...leak, names: [said] })),
  });
}
