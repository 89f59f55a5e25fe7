import type { Call } from '../call.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';
import { checkZones } from '../zones.ts';

/** Texts by key, '' at first: `get` answers one, `put` replaces it, `append` adds to its end. */
export const kv: ModelSpec = {
  name: 'kv',
  operations: ['get', 'put', 'append'],
  observations: ['get'],
  machine: textMachine,
  shortcut: (calls) =>
    calls.some(({ f }) => f === 'append')
      ? undefined
      : checkZones(calls, { write: 'put', initially: '' }),
  removable: unseenTexts,
  complaint: ({ f, input, output, outcome }) => {
    if (f !== 'get' && typeof input !== 'string') return `the value of ${f} must be text`;
    const isRead = f === 'get' && outcome === 'ok';
    return isRead && typeof output !== 'string' && output !== null
      ? 'the value of get must be text'
      : undefined;
  },
};

/**
 * A text that is the beginning of nothing that was read is as good as any other such text: only a
 * put leads on from it. So all of them are one state, and the order of appends that nobody saw
 * costs nothing.
 */
function textMachine(calls: readonly Call[]): Machine {
  const UNSEEN = 0;
  const texts: string[] = [''];
  const numbers = new Map<string, number>();
  const read = calls.filter(({ f }) => f === 'get').map(({ output }) => String(output ?? ''));
  const sorted = [...new Set(read)].sort();
  const stateOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    // The first text at or behind `text` in order begins with it, if any does.
    const isBeginning = sorted[firstAtOrAfter(sorted, text)]?.startsWith(text) ?? false;
    const state = isBeginning ? texts.length : UNSEEN;
    if (isBeginning) texts.push(text);
    numbers.set(text, state);
    return state;
  };
  const seen = calls.map(({ f, output }) => (f === 'get' ? stateOf(String(output ?? '')) : UNSEEN));
  const role = rolesOf(calls, sorted);
  return {
    init: stateOf(''),
    isFree: (state, index) =>
      calls[index]?.f === 'get' || (state === UNSEEN && role[index] === 'unseen'),
    step(state, index) {
      const { f, input, outcome } = calls[index] as Call;
      if (f === 'get') return state === seen[index] ? state : NONE;
      const text = f === 'put' || state === UNSEEN ? String(input) : texts[state] + String(input);
      const next = f === 'append' && state === UNSEEN ? UNSEEN : stateOf(text);
      if (next !== UNSEEN) return next;
      // What need not have happened, and nobody saw, is of no use; and where what it writes was seen
      // and comes from nowhere else, it may not be lost.
      return outcome === 'info' || role[index] === 'needed' ? NONE : UNSEEN;
    },
  };
}

type Role = 'unseen' | 'needed' | 'other';

/**
 * What becomes of each text that is written: nobody ever reads it, or somebody does and no other
 * call writes it. Told only where every text stands between marks of its own (`x 3 12 y`), so that
 * none can come about from parts of others.
 */
function rolesOf(calls: readonly Call[], read: readonly string[]): readonly Role[] {
  const written = calls.filter(({ f }) => f !== 'get').map(({ input }) => String(input));
  const [open = '', close = ''] = [written[0]?.at(0), written[0]?.at(-1)];
  const isMarked = (text: string) =>
    text.length > 1 &&
    open !== close &&
    text.lastIndexOf(open) === 0 &&
    text.indexOf(close) === text.length - 1;
  if (!written.every(isMarked)) return calls.map(() => 'other');
  const seen = new Set(read.flatMap((text) => text.split(close).map((part) => part + close)));
  const times = Map.groupBy(written, (text) => text);
  return calls.map(({ f, input }): Role => {
    if (f === 'get') return 'other';
    const text = String(input);
    if (!seen.has(text)) return 'unseen';
    return times.get(text)?.length === 1 ? 'needed' : 'other';
  });
}

function firstAtOrAfter(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Texts that are part of nothing that was read: nothing was read between them and the next put. */
function unseenTexts(calls: readonly Call[]): readonly (readonly Call[])[] {
  const read = calls.filter(({ f }) => f === 'get').map(({ output }) => String(output ?? ''));
  return calls
    .filter(({ f, input }) => f !== 'get' && input !== '')
    .filter(({ input }) => !read.some((text) => text.includes(String(input))))
    .map((call) => [call]);
}
