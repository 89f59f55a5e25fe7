import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../declare/random.ts';
import type { Call } from './call.ts';
import { checkCalls } from './check.ts';
import type { ModelSpec } from './machine.ts';
import { models } from './models.ts';
import { isLinearizable, plainModels } from './oracle.fixture.ts';

/** Histories of each model. More by `CHECK_SEEDS=40000`. */
const SEEDS = Number(process.env.CHECK_SEEDS ?? 4000);

/** Numbers from 0 up to 1. */
type Draw = () => number;

function drawOf(seed: string): Draw {
  const random = new Random(seed);
  return () => random.int(2 ** 32) / 2 ** 32;
}

const pick = (random: Draw, count: number) => Math.floor(random() * count);

/** What a client asks, and the answer of a state that is near the right one, if not it. */
function draw(
  model: string,
  random: Draw,
  nth: number,
  isMarked: boolean,
): Pick<Call, 'f' | 'input' | 'output'> {
  const value = random() < 0.7 ? nth : pick(random, 3);
  const output = null;
  switch (model) {
    case 'register':
    case 'cas-register': {
      const kind = pick(random, model === 'register' ? 2 : 3);
      if (kind === 0) return { f: 'read', input: null, output };
      if (kind === 1) return { f: 'write', input: value, output };
      return { f: 'cas', input: [pick(random, 4), pick(random, 4)], output };
    }
    case 'kv': {
      const f = ['get', 'put', 'append'][pick(random, 3)] ?? 'get';
      const letter = String.fromCharCode(97 + (value % 26));
      // Half of the histories have texts that can be told apart wherever they stand.
      return { f, input: f === 'get' ? null : isMarked ? `(${letter})` : letter, output };
    }
    case 'counter':
      return random() < 0.5
        ? { f: 'add', input: 1 + pick(random, 2), output }
        : { f: 'read', input: null, output };
    case 'set':
      return random() < 0.5
        ? { f: 'add', input: value, output }
        : { f: 'read', input: null, output };
    case 'queue':
      return random() < 0.5
        ? { f: 'enqueue', input: value, output }
        : { f: 'dequeue', input: null, output };
    case 'lock':
      return { f: random() < 0.5 ? 'acquire' : 'release', input: null, output };
    default:
      return random() < 0.6
        ? { f: 'take', input: null, output: pick(random, 3) }
        : { f: 'give', input: pick(random, 3), output };
  }
}

/** Runs calls of a few clients on the plain model, each at one moment of its time, and then lies a little. */
function history(model: string, random: Draw, size: number, clients: number): Call[] {
  const { init, step } = plainModels[model] ?? { init: null, step: () => undefined };
  const isMarked = random() < 0.5;
  let state = init;
  let time = 0;
  const open = new Map<number, { call: Call; isDone: boolean }>();
  const calls: Call[] = [];
  const settle = (one: { call: Call; isDone: boolean }) => {
    if (one.isDone) return;
    one.isDone = true;
    const answered = answer(model, state, one.call, random);
    const next = step(state, answered);
    if (next !== undefined) state = next;
    one.call = answered;
  };
  for (let nth = 0; calls.length + open.size < size || open.size > 0; ) {
    const process = pick(random, clients);
    const own = open.get(process);
    time += 1;
    if (own === undefined) {
      if (calls.length + open.size >= size) continue;
      nth += 1;
      const drawn = draw(model, random, nth, isMarked);
      const call = { process, key: undefined, ...drawn, begin: time };
      open.set(process, {
        call: { ...call, outcome: 'ok', end: Number.POSITIVE_INFINITY },
        isDone: false,
      });
      if (random() < 0.5) settle(open.get(process) as { call: Call; isDone: boolean });
      continue;
    }
    if (random() < 0.4 && !own.isDone) {
      settle(own);
      continue;
    }
    if (random() < 0.12) {
      if (random() < 0.5) settle(own);
      calls.push({ ...own.call, output: undefined, outcome: 'info' });
    } else {
      settle(own);
      calls.push({ ...own.call, end: time });
    }
    open.delete(process);
  }
  return calls.sort((a, b) => a.begin - b.begin);
}

function answer(model: string, state: unknown, call: Call, random: Draw): Call {
  const lies = random() < 0.06;
  const list = Array.isArray(state) ? state : [];
  switch (call.f) {
    case 'read':
      if (model === 'set') return { ...call, output: lies ? list.slice(1) : list };
      if (model === 'counter') return { ...call, output: Number(state) + (lies ? 1 : 0) };
      return { ...call, output: lies ? pick(random, 4) : state };
    case 'get':
      return { ...call, output: lies ? String(state).slice(1) : state };
    case 'dequeue':
      return { ...call, output: lies ? (list[1] ?? null) : (list[0] ?? null) };
    case 'cas': {
      const [from] = call.input as readonly unknown[];
      return { ...call, outcome: (state === from) !== lies ? 'ok' : 'fail' };
    }
    case 'acquire':
      return { ...call, outcome: (state === null) !== lies ? 'ok' : 'fail' };
    case 'release':
      return { ...call, outcome: (state === call.process) !== lies ? 'ok' : 'fail' };
    case 'take':
      return { ...call, outcome: list.includes(call.output) === lies ? 'ok' : 'fail' };
    default:
      return call;
  }
}

/** What the plain models look at: a look that was not answered and what failed say nothing. */
function relevant(model: ModelSpec, calls: readonly Call[]): Call[] {
  return calls.filter((call) => {
    if (call.outcome === 'fail') return call.f === 'cas';
    return (
      call.outcome === 'ok' || !['read', 'get', 'take'].includes(call.f) || model.name === 'none'
    );
  });
}

describe('a history is judged as by trying every order', () => {
  for (const model of models) {
    test(model.name, (t) => {
      const plain = plainModels[model.name];
      assert.ok(plain);
      const counts = { ok: 0, violation: 0, unknown: 0 };
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const random = drawOf(`${model.name} ${seed}`);
        const calls = history(model.name, random, 3 + pick(random, 7), 2 + pick(random, 3));
        const expected = isLinearizable(relevant(model, calls), plain.init, plain.step);
        const found = checkCalls(model, calls);
        counts[found.verdict] += 1;
        assert.equal(found.verdict, expected ? 'ok' : 'violation', `seed ${seed}: ${text(calls)}`);
        if (expected) continue;
        const smaller = relevant(model, found.counterexample);
        const isStillWrong = !isLinearizable(smaller, plain.init, plain.step);
        assert.ok(isStillWrong, `seed ${seed}: ${text(calls)} was shrunk to ${text(smaller)}`);
      }
      t.diagnostic(JSON.stringify(counts));
      assert.ok(counts.ok > SEEDS / 10 && counts.violation > SEEDS / 40, JSON.stringify(counts));
    });
  }
});

function text(calls: readonly Call[]): string {
  return calls.map((call) => JSON.stringify(call)).join('\n');
}
