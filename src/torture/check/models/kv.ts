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

function textMachine(calls: readonly Call[]): Machine {
  const texts: string[] = [''];
  const numbers = new Map([['', 0]]);
  const stateOf = (text: string): number => {
    let state = numbers.get(text);
    if (state === undefined) {
      state = texts.length;
      texts.push(text);
      numbers.set(text, state);
    }
    return state;
  };
  const seen = calls.map(({ f, output }) => (f === 'get' ? stateOf(String(output ?? '')) : 0));
  return {
    init: 0,
    observes: (index) => calls[index]?.f === 'get',
    step(state, index) {
      const { f, input } = calls[index] as Call;
      if (f === 'get') return state === seen[index] ? state : NONE;
      return stateOf(f === 'put' ? String(input) : texts[state] + String(input));
    },
  };
}

/** Texts that are part of nothing that was read: nothing was read between them and the next put. */
function unseenTexts(calls: readonly Call[]): readonly (readonly Call[])[] {
  const read = calls.filter(({ f }) => f === 'get').map(({ output }) => String(output ?? ''));
  return calls
    .filter(({ f, input }) => f !== 'get' && input !== '')
    .filter(({ input }) => !read.some((text) => text.includes(String(input))))
    .map((call) => [call]);
}
