import type { Call } from './call.ts';
import { canonicalJson } from './intern.ts';

/** A sequential object in the plainest words: the state after a call, or undefined if it cannot be. */
export type PlainStep = (state: unknown, call: Call) => unknown;

/**
 * Tries every order: for tests, of a few calls. Those that never returned may be left out.
 */
export function isLinearizable(calls: readonly Call[], init: unknown, step: PlainStep): boolean {
  const seen = new Set<string>();
  const search = (left: readonly Call[], state: unknown): boolean => {
    if (left.every(({ end }) => end === Number.POSITIVE_INFINITY)) return true;
    const mark = `${left.map(({ begin }) => begin).join()}|${canonicalJson(state)}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    const earliest = Math.min(...left.map(({ end }) => end));
    return left
      .filter(({ begin }) => begin < earliest)
      .some((call) => {
        const next = step(state, call);
        return (
          next !== undefined &&
          search(
            left.filter((other) => other !== call),
            next,
          )
        );
      });
  };
  return search(calls, init);
}

type List = readonly unknown[];

/** The built-in models once more, written for reading and not for speed. */
export const plainModels: Readonly<Record<string, { init: unknown; step: PlainStep }>> = {
  register: { init: null, step: registerStep },
  'cas-register': { init: null, step: registerStep },
  kv: {
    init: '',
    step: (state, { f, input, output }) => {
      if (f === 'get') return state === output ? state : undefined;
      return f === 'put' ? input : `${state}${input}`;
    },
  },
  counter: {
    init: 0,
    step: (state, { f, input, output }) => {
      if (f === 'read') return state === output ? state : undefined;
      return Number(state) + Number(input);
    },
  },
  set: {
    init: [],
    step: (state, { f, input, output }) => {
      const members = state as List;
      if (f === 'read') return same(members, output as List) ? members : undefined;
      return members.includes(input) ? members : [...members, input].sort();
    },
  },
  queue: {
    init: [],
    step: (state, { f, input, output, outcome }) => {
      const values = state as List;
      if (f === 'enqueue') return [...values, input];
      if (outcome === 'info') return values.length === 0 ? undefined : values.slice(1);
      return (values[0] ?? null) === output ? values.slice(1) : undefined;
    },
  },
  lock: {
    init: null,
    step: (state, { f, process }) => {
      if (f === 'acquire') return state === null ? process : undefined;
      return state === process ? null : undefined;
    },
  },
  alloc: {
    init: [],
    step: (state, { f, input, output, outcome }) => {
      const held = state as List;
      if (f === 'give') return held.filter((one) => one !== input);
      if (outcome === 'info') return held;
      return held.includes(output) ? undefined : [...held, output].sort();
    },
  },
};

function registerStep(state: unknown, { f, input, output, outcome }: Call): unknown {
  if (f === 'write') return input;
  if (f === 'read') return state === output ? state : undefined;
  const [from, to] = input as List;
  if (outcome === 'fail') return state === from ? undefined : state;
  return state === from ? to : undefined;
}

function same(a: List, b: List): boolean {
  return canonicalJson([...new Set(a)].sort()) === canonicalJson([...new Set(b)].sort());
}
