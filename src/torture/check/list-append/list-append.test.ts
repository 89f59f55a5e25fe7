import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../declare/random.ts';
import type { Call } from '../call.ts';
import { isLinearizable } from '../oracle.fixture.ts';
import { checkListAppend } from './check.ts';

type Step = readonly ['append', string, number] | readonly ['r', string, readonly number[] | null];
type Lists = Readonly<Record<string, readonly number[]>>;

let clock = 0;

/** A transaction from `begin` to `end`; without times it comes after all before it. */
function txn(steps: readonly Step[], more: Partial<Call> = {}): Call {
  const begin = more.begin ?? ++clock;
  const end = more.end ?? ++clock;
  const input = steps.map(([word, key, value]) =>
    word === 'r' ? [word, key, null] : [word, key, value],
  );
  const isOk = (more.outcome ?? 'ok') === 'ok';
  const output = isOk ? steps : undefined;
  return {
    process: begin,
    f: 'txn',
    key: undefined,
    input,
    output,
    outcome: 'ok',
    begin,
    end,
    ...more,
  };
}

const at = (begin: number, end: number) => ({ begin, end });
const all = at(1, 100);

describe('an anomaly is called by its name', () => {
  const cases: readonly (readonly [string, readonly Call[]])[] = [
    [
      'G0',
      [
        txn(
          [
            ['append', 'x', 1],
            ['append', 'y', 1],
          ],
          all,
        ),
        txn(
          [
            ['append', 'x', 2],
            ['append', 'y', 2],
          ],
          all,
        ),
        txn(
          [
            ['r', 'x', [1, 2]],
            ['r', 'y', [2, 1]],
          ],
          all,
        ),
      ],
    ],
    ['G1a', [txn([['append', 'x', 1]], { ...all, outcome: 'fail' }), txn([['r', 'x', [1]]], all)]],
    [
      'G1b',
      [
        txn(
          [
            ['append', 'x', 1],
            ['append', 'x', 2],
          ],
          all,
        ),
        txn([['r', 'x', [1]]], all),
      ],
    ],
    [
      'G1c',
      [
        txn(
          [
            ['append', 'x', 1],
            ['r', 'y', [1]],
          ],
          all,
        ),
        txn(
          [
            ['append', 'y', 1],
            ['r', 'x', [1]],
          ],
          all,
        ),
      ],
    ],
    [
      'lost update',
      [
        txn([['append', 'x', 1]], at(1, 2)),
        txn(
          [
            ['r', 'x', [1]],
            ['append', 'x', 2],
          ],
          at(3, 100),
        ),
        txn(
          [
            ['r', 'x', [1]],
            ['append', 'x', 3],
          ],
          at(3, 100),
        ),
        txn([['r', 'x', [1, 2, 3]]], at(101, 102)),
      ],
    ],
    [
      'G-single',
      [
        txn(
          [
            ['append', 'x', 1],
            ['append', 'y', 1],
          ],
          all,
        ),
        txn(
          [
            ['r', 'x', [1]],
            ['r', 'y', []],
          ],
          all,
        ),
        txn([['r', 'y', [1]]], all),
      ],
    ],
    [
      'G2',
      [
        txn(
          [
            ['r', 'x', []],
            ['append', 'y', 1],
          ],
          all,
        ),
        txn(
          [
            ['r', 'y', []],
            ['append', 'x', 1],
          ],
          all,
        ),
        txn(
          [
            ['r', 'x', [1]],
            ['r', 'y', [1]],
          ],
          at(101, 102),
        ),
      ],
    ],
    ['garbage read', [txn([['r', 'x', [7]]], all)]],
    ['duplicate element', [txn([['append', 'x', 1]], all), txn([['r', 'x', [1, 1]]], all)]],
    [
      'incompatible order',
      [
        txn([['append', 'x', 1]], all),
        txn([['append', 'x', 2]], all),
        txn([['r', 'x', [1]]], all),
        txn([['r', 'x', [2]]], all),
      ],
    ],
    [
      'internal inconsistency',
      [
        txn(
          [
            ['append', 'x', 1],
            ['r', 'x', []],
          ],
          all,
        ),
      ],
    ],
    ['in real time', [txn([['append', 'x', 1]], at(1, 2)), txn([['r', 'x', []]], at(3, 4))]],
  ];
  for (const [name, calls] of cases) {
    test(name, () => {
      const { verdict, reason } = checkListAppend(calls);
      assert.equal(verdict, 'violation');
      assert.ok(reason?.includes(name), reason);
    });
  }
});

test('without real time a stale read is no anomaly', () => {
  const calls = [txn([['append', 'x', 1]], at(1, 2)), txn([['r', 'x', []]], at(3, 4))];
  assert.equal(checkListAppend(calls, { withRealTime: false }).verdict, 'ok');
});

test('what is malformed is refused with its line', () => {
  const bad: readonly (readonly [unknown, RegExp])[] = [
    ['x', /line 1: a txn is a list/],
    [[['append', 'x']], /^$/],
    [[['cas', 'x', 1]], /append or r, not cas/],
    [[['r', 'x', 5]], /list of values/],
    [
      [
        ['append', 'x', 1],
        ['append', 'x', 1],
      ],
      /a second time/,
    ],
  ];
  for (const [value, message] of bad) {
    const call = { ...txn([], at(1, 2)), input: value, output: value };
    if (message.source === '^$') assert.equal(checkListAppend([call]).verdict, 'ok');
    else assert.throws(() => checkListAppend([call]), message);
  }
});

test('a hundred thousand transactions in a row overflow no stack', () => {
  const calls: Call[] = [];
  for (let n = 0; n < 100_000; n += 1) {
    const key = `k${n % 1000}`;
    calls.push(txn([['append', key, n]], at(2 * n, 2 * n + 1)));
  }
  assert.equal(checkListAppend(calls).verdict, 'ok');
});

/** Runs transactions one at a time on plain lists; some read an old state, as broken stores do. */
function history(random: Random): Call[] {
  const keys = ['x', 'y'];
  const states: Lists[] = [{ x: [], y: [] }];
  const calls: Call[] = [];
  const clients = 2 + random.int(2);
  const free = new Array<number>(clients).fill(0);
  let next = 1;
  let time = 0;
  for (let n = 3 + random.int(4); n > 0; n -= 1) {
    const process = random.int(clients);
    time += 4;
    const begin = Math.max((free[process] ?? 0) + 1, time - random.int(12));
    const end = Math.max(begin, time) + 1 + random.int(12);
    free[process] = end;
    const now = states.at(-1) ?? {};
    const stale = random.int(10) === 0 ? (states[random.int(states.length)] ?? now) : now;
    const fate = random.int(12);
    const applies = fate !== 0 && (fate !== 1 || random.int(2) === 0);
    let mine = now;
    let seen = stale;
    const steps: Step[] = [];
    for (let step = 1 + random.int(3); step > 0; step -= 1) {
      const key = random.pick(keys);
      if (random.int(2) === 0) steps.push(['r', key, seen[key] ?? []]);
      else {
        const value = next++;
        steps.push(['append', key, value]);
        mine = { ...mine, [key]: [...(mine[key] ?? []), value] };
        seen = { ...seen, [key]: [...(seen[key] ?? []), value] };
      }
    }
    if (applies) states.push(mine);
    const outcome = fate === 0 ? 'fail' : fate === 1 ? 'info' : 'ok';
    const times = { begin: begin + process / 10, end: end + process / 10 };
    calls.push(
      txn(steps, {
        ...times,
        process,
        outcome,
        ...(outcome === 'info' && { end: Number.POSITIVE_INFINITY }),
      }),
    );
  }
  const last = states.at(-1) ?? {};
  const final = keys.map((key) => ['r', key, last[key] ?? []] as const);
  calls.push(txn(final, { begin: time + 100, end: time + 101, process: 99 }));
  return calls.sort((a, b) => a.begin - b.begin);
}

function plainStep(state: unknown, { input, output, outcome }: Call): unknown {
  let lists = state as Lists;
  for (const [word, key, value] of (outcome === 'ok' ? output : input) as readonly Step[]) {
    if (word === 'append') lists = { ...lists, [key]: [...(lists[key] ?? []), value] };
    else if (outcome === 'ok' && JSON.stringify(lists[key] ?? []) !== JSON.stringify(value))
      return undefined;
  }
  return lists;
}

test('is judged as by trying every order, where a last read shows all versions', (t) => {
  const counts = { ok: 0, violation: 0, unknown: 0 };
  const seeds = Number(process.env.CHECK_SEEDS ?? 4000);
  for (let seed = 1; seed <= seeds; seed += 1) {
    const calls = history(new Random(`list-append ${seed}`));
    const relevant = calls.filter(({ outcome }) => outcome !== 'fail');
    const expected = isLinearizable(relevant, {}, plainStep) ? 'ok' : 'violation';
    const found = checkListAppend(calls);
    counts[found.verdict] += 1;
    const shown = calls.map((call) =>
      JSON.stringify([call.begin, call.end, call.outcome, call.output ?? call.input]),
    );
    assert.equal(found.verdict, expected, `seed ${seed}: ${found.reason}\n${shown.join('\n')}`);
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.ok > seeds / 10 && counts.violation > seeds / 10);
});
